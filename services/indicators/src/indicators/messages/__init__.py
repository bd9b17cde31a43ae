"""Messages (消息): the inbox of everybody."""
