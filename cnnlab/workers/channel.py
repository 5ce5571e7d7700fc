"""How does the page server talk to its own workers, so that no other account of this computer can join in?

Dask runs what it is sent, and everybody who has an account can send on the loopback interface. So each start
makes a certificate, and a folder for what Dask writes: it looks for Python modules there, by default in one
below /tmp that anybody can make first. Both are known to this account alone and end with the app.
"""

import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dask.config

from cnnlab.workers import dask_internals

if TYPE_CHECKING:
    from distributed import LocalCluster


class Channel:
    """A certificate in memory and a private folder, for a scheduler here and its workers."""

    def __init__(self) -> None:
        from distributed.security import Security

        self._certificate, self._key = certificate, key = _certificate()
        of_each: dict[str, str] = {}
        for role in ("scheduler", "worker", "client"):
            of_each |= {f"tls_{role}_cert": certificate, f"tls_{role}_key": key}
        self.security = Security(require_encryption=True, tls_ca_file=certificate, **of_each)
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True)

    def scheduler(self) -> "LocalCluster":
        """Start a scheduler in this process that hears those with the certificate alone."""
        from distributed import LocalCluster

        with dask.config.set({"temporary-directory": self._folder.name}):
            cluster = LocalCluster(
                n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", security=self.security
            )

        async def say_nothing_by_http() -> None:
            dask_internals.close_http(cluster.scheduler)

        cluster.sync(say_nothing_by_http)
        return cluster

    def environment(self) -> dict[str, str]:
        """Return what a worker's environment needs to be let in; the same account alone can read that."""
        comm = "DASK_DISTRIBUTED__COMM__"
        return {
            "DASK_TEMPORARY_DIRECTORY": self._folder.name,
            f"{comm}REQUIRE_ENCRYPTION": "True",
            f"{comm}TLS__CA_FILE": self._certificate,
            f"{comm}TLS__WORKER__CERT": self._certificate,
            f"{comm}TLS__WORKER__KEY": self._key,
        }

    def close(self) -> None:
        self._folder.cleanup()


def _certificate() -> tuple[str, str]:
    """Return a certificate and its key, as PEM.

    It holds at any time, unlike that of Dask's `Security.temporary`: some computers learn what day it is from
    the network alone, and set their clock by years while the app runs.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cnnlab")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(1970, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2200, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
