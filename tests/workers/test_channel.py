"""The certificate of the local workers: one for each start, whatever the computer's clock says."""

import pytest
from cryptography.x509 import load_pem_x509_certificate

from cnnlab.workers.channel import Channel


@pytest.fixture
def channel():
    channel = Channel()
    yield channel
    channel.close()


def test_each_start_has_a_certificate_of_its_own(channel):
    other = Channel()
    other.close()
    for name in ("WORKER__KEY", "WORKER__CERT", "CA_FILE"):
        name = f"DASK_DISTRIBUTED__COMM__TLS__{name}"
        assert channel.environment()[name] != other.environment()[name]


@pytest.mark.parametrize("now", ["1971-01-02", "2026-05-01", "2099-12-31"])
def test_the_certificate_holds_whatever_the_clock_says(channel, now):
    certificate = load_pem_x509_certificate(channel.security.tls_ca_file.encode())
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert f"{since:%Y-%m-%d}" < now < f"{until:%Y-%m-%d}"
