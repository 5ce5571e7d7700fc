"""What can a teacher do when the address does not open on the students' devices?"""

import streamlit as st

from cnnlab import network_address
from cnnlab.i18n import _


def advice(found: str | None) -> None:
    """Draw a test from this computer, then what to look at, the likeliest first."""
    port = (network_address.parts(found)[2] if found else None) or int(st.get_option("server.port"))
    with st.expander(_("It does not open on a phone? What helps"), icon=":material/help:"):
        if found:
            _test(found)
        wifi = _(
            "**The same Wi-Fi.** Phones must be in the network that this computer is in: no mobile data, no "
            "guest Wi-Fi, no VPN on either side."
        )
        isolation = _(
            "**Client isolation.** Many school Wi-Fis keep devices from talking to each other, and nothing "
            "on this computer changes that. Ask for a network without it, or make one: a phone's or this "
            "computer's own hotspot, or a cable to the students' network."
        )
        st.markdown("\n".join(f"1. {text}" for text in (wifi, _firewall(), isolation)))
        for command in _commands(port):
            st.code(command, language="shell", wrap_lines=True)
        if network_address.system() == "wsl":
            _wsl(port)
        if network_address.system() == "container":
            text = _(
                "**In a container** this computer's address above is the container's. Publish the port "
                "(`docker run -p {port}:{port} …`) and give out the address of the machine around it."
            )
            st.markdown(text.format(port=port))
        _https()


def _test(found: str) -> None:
    label = _("Does the app answer at this address, asked from this computer?")
    if not st.button(label, icon=":material/network_check:", key="_teacher.test"):
        return
    if network_address.answers(found):
        text = _(
            "Yes. So the app listens there. That traffic did not leave this computer: whether the firewall "
            "and the Wi-Fi let others through, only another device can show."
        )
        st.success(text)
    else:
        text = _(
            "No. The address is not this computer's, or the app was started for this computer alone: look at "
            "`server.address`, and choose another address above."
        )
        st.error(text)


def _firewall() -> str:
    return {
        "windows": _(
            "**Firewall.** Windows asks at the first start whether Python may be reached: allow it for "
            "*private* networks, and mark the school's Wi-Fi as *private*."
        ),
        "wsl": _("**Firewall.** Windows keeps others out until the port is opened, as below."),
        "macos": _(
            "**Firewall.** In *System Settings › Network › Firewall*, allow incoming connections for Python; "
            "macOS asks at the first start."
        ),
    }.get(
        network_address.system(),
        _("**Firewall.** Where one is active, open the port, with the line below that fits this system."),
    )


def _commands(port: int) -> list[str]:
    if network_address.system() != "linux":
        return []
    return [f"sudo ufw allow {port}/tcp\nsudo firewall-cmd --add-port={port}/tcp"]


def _wsl(port: int) -> None:
    """Draw the two ways out of WSL2's own network."""
    text = _(
        "**WSL2** has a network of its own behind Windows. On Windows 11, let it share that of Windows: "
        "write this into `.wslconfig` in your Windows user folder, run `wsl --shutdown`, and start the "
        "app again."
    )
    st.markdown(text)
    st.code("[wsl2]\nnetworkingMode=mirrored", language="ini")
    text = _("Then open the port, in a PowerShell as administrator:")
    st.markdown(text)
    st.code(
        "New-NetFirewallHyperVRule -Name cnnlab -DisplayName 'CNN Lab' -Direction Inbound "
        "-VMCreatorId '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}' "
        f"-Protocol TCP -LocalPorts {port} -Action Allow",
        language="powershell",
        wrap_lines=True,
    )
    text = _(
        "Elsewhere, pass the port on from Windows (the first address that `wsl hostname -I` prints goes "
        "where it says WSL), again as administrator, and type the address that `ipconfig` shows for the "
        "Wi-Fi into the field above:"
    )
    st.markdown(text)
    st.code(
        f"netsh interface portproxy add v4tov4 listenport={port} listenaddress=0.0.0.0 "
        f"connectport={port} connectaddress=WSL\n"
        f"New-NetFirewallRule -DisplayName 'CNN Lab' -Direction Inbound -Protocol TCP -LocalPort {port} "
        "-Action Allow",
        language="powershell",
        wrap_lines=True,
    )


def _https() -> None:
    text = _(
        "**HTTPS**: over plain http everything works but the camera on *Classify a photo*. For that, start "
        "the app with a certificate that the students' devices trust; photos can be chosen without it."
    )
    st.markdown(text)
    st.code(
        "streamlit run app.py --server.sslCertFile cert.pem --server.sslKeyFile key.pem",
        language="shell",
        wrap_lines=True,
    )
