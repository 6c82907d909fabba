"""Prometheus reads our metrics as its own tool says they should be."""

import re
import subprocess

import support


def promtool(text):
    tool = support.program("promtool", "prometheus")
    return subprocess.run([tool, "check", "metrics"], input=text, text=True, capture_output=True,
                          timeout=30)


def busy_gateway(folder):
    """An SMS provider that refuses half of the texts and reports the others; a dead mail relay."""
    nobody = support.free_ports(1)[0]
    providers = {"sms-deneme": {"kind": "sink", "report": "delivered", "report_delay": "10ms",
                                "fail": ["rejected:50%"], "price_kurus": 21},
                 "posta": {"kind": "smtp", "host": "127.0.0.1", "port": nobody, "tls": "none",
                           "envelope_from": support.SENDER}}
    return support.gateway(folder, providers=providers,
                           routes={"sms": ["sms-deneme"], "email": ["posta"]},
                           campaigns=[{"name": "e-imza", "marks": [15, 7, 3, 1],
                                       "channels": ["sms", "email"]}])


def value(text, sample):
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0


def test_promtool_accepts_the_metrics_of_good_and_bad_days(tmp_path):
    with busy_gateway(tmp_path) as g:
        fresh = g.call("/metrics")[1]
        facts = [support.fact(f"kart-{i}", phone=f"0532 000 00 {i:02}",
                              email=f"kisi{i}@ornek.test") for i in range(1, 21)]
        g.post(*facts)
        assert g.call("/v1/events", facts[0])[0] == 200
        assert g.call("/v1/events", {"type": "certificate.expiring"})[0] == 422
        assert g.call("/v1/nothing")[0] == 404

        def over():
            text = g.call("/metrics")[1]
            good, bad = (value(text, f'hatirlat_queue_messages{{channel="sms",state="{state}"}}')
                         for state in ("delivered", "failed"))
            down = value(text, 'hatirlat_provider_circuit_open{provider="posta"}')
            return text if good and bad and good + bad == 20 and down else None
        busy = g.process.wait_until("the texts are settled", over)
    for text in (fresh, busy):
        checked = promtool(text)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert "kisi" not in busy and "532" not in busy.replace(str(g.port), ""), "no personal data"


def test_promtool_would_tell():
    """The check itself can fail."""
    assert promtool("# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 2\n").returncode != 0
    assert promtool("# HELP a b\n# TYPE a counter\na 1\n").returncode != 0
