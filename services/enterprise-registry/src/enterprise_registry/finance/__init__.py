"""Finance docking (科技金融): needs that banks take, lead banks, guaranteed loans and risk compensation pools."""
