"""How does the page server talk to its own workers, so that no other account of this computer can join in?

Dask runs what it is sent, and everybody who has an account can send on the loopback interface. So each start
makes a certificate, and a folder for what Dask writes: it looks for Python modules there, by default in one
below /tmp that anybody can make first. Both are known to this account alone and end with the app.
"""

import tempfile
from typing import TYPE_CHECKING

import dask.config

if TYPE_CHECKING:
    from distributed import LocalCluster


class Channel:
    """A certificate in memory and a private folder, for a scheduler here and its workers."""

    def __init__(self):
        from distributed.security import Security

        self.security = Security.temporary()
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True)

    def scheduler(self) -> "LocalCluster":
        """Start a scheduler in this process that hears those with the certificate alone."""
        from distributed import LocalCluster

        with dask.config.set({"temporary-directory": self._folder.name}):
            cluster = LocalCluster(
                n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0", security=self.security
            )

        async def say_nothing_by_http():  # Dask opens that port whatever it is told
            cluster.scheduler.http_server.stop()

        cluster.sync(say_nothing_by_http)
        return cluster

    def environment(self) -> dict[str, str]:
        """Return what a worker's environment needs to be let in; the same account alone can read that."""
        comm = "DASK_DISTRIBUTED__COMM__"
        return {
            "DASK_TEMPORARY_DIRECTORY": self._folder.name,
            f"{comm}REQUIRE_ENCRYPTION": "True",
            f"{comm}TLS__CA_FILE": self.security.tls_ca_file,
            f"{comm}TLS__WORKER__CERT": self.security.tls_worker_cert,
            f"{comm}TLS__WORKER__KEY": self.security.tls_worker_key,
        }

    def close(self) -> None:
        self._folder.cleanup()
