"""Opening keys (开榜密钥): the public keys of officers among whom a call's private key is split."""
