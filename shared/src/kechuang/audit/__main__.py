"""Check the audit log: `python -m kechuang.audit verify|proof <package or postgresql:// address> …`.

With a package the connection, the signing key and the file of roots come from the service's settings. With
an address an auditor needs no secret: `--key` takes public keys (base64), `--service` the service's name.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.ext.asyncio import create_async_engine

from kechuang.audit.verification import prove, public_key, verify
from kechuang.settings import Settings


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m kechuang.audit", description="Check the audit log")
    parser.add_argument("command", choices=["verify", "proof"])
    parser.add_argument("target", help="a service's package, or a postgresql:// address")
    parser.add_argument("seq", nargs="?", type=int, help="the audit row that a proof is wanted for")
    parser.add_argument("--service", help="the service's name, where the target is an address")
    parser.add_argument("--key", action="append", default=[], help="a trusted public key, 32 bytes in base64")
    parser.add_argument("--roots", type=Path, help="the file of roots kept outside the database")
    asked = parser.parse_args()
    if asked.command == "proof" and asked.seq is None:
        parser.error("proof needs the row's seq")
    if "://" in asked.target and not (asked.service and asked.key):
        parser.error("an address needs --service and --key")
    return asked


async def _run(asked: argparse.Namespace) -> int:
    keys: list[Ed25519PublicKey] = [public_key(each) for each in asked.key]
    if "://" in asked.target:
        url, service, roots = asked.target, asked.service, asked.roots
    else:
        settings = Settings()
        url = settings.database_read_url.get_secret_value()
        service = asked.service or asked.target.replace("_", "-")
        roots = asked.roots or (Path(settings.audit_roots) if settings.audit_roots else None)
        if not keys:
            keys = [Ed25519PrivateKey.from_private_bytes(settings.key_bytes("signing_key")).public_key()]
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        # One snapshot: batches that are closed meanwhile do not disturb.
        isolation_level="REPEATABLE READ",
    )
    try:
        async with engine.connect() as conn:
            if asked.command == "proof":
                proof = await prove(conn, service, asked.seq)
                sys.stdout.write(proof.as_json().decode() + "\n")
                return 0 if proof.holds(keys) else 1
            report = await verify(conn, service, keys, roots)
    finally:
        await engine.dispose()
    sys.stdout.write(f"{service}: {report.batches} batches, {report.rows} rows\n")
    if report.broken:
        sys.stdout.write(f"BROKEN 审计记录已被改动: {report.broken}\n")
        return 1
    sys.stdout.write("intact 完整\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_run(_arguments())))
