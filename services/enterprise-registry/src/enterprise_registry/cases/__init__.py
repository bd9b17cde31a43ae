"""Cases of enterprises (企业服务事项): assistance, plans, visits, campaigns, support actions, attached officials."""
