"""Value-added services (增值化服务事项清单): what a city offers, to whom, within which time, and where it starts."""
