"""Data agreements (数据共享协议): what another department or platform is given or gives, on which basis, and each exchange."""
