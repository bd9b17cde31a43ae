"""Filing windows (填报通知) and their rosters: who is due, who has filed, who is late, who is missing."""
