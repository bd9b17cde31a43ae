"""Policy documents (政策文件、规范性文件): published with a validity, revised, expired; actions that rest on them are warned."""
