"""Groups, their paths, and what is refused before anything is sent."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UnreadableInput, UsageProblem
from orchestrator.sending import pushgateway

GROUP = {"job": "pytest", "project": "shop"}


class TestGroup:
    """Labels of a group."""

    def test_has_job_and_project_and_what_was_asked_for(self):
        """In this order, so that the path begins with the job."""
        labels = pushgateway.group("ci", project="shop", further=["shard=1", "branch=a=b"])

        assert list(labels.items()) == [
            ("job", "ci"),
            ("project", "shop"),
            ("shard", "1"),
            ("branch", "a=b"),
        ]

    def test_takes_another_project(self):
        """The setting is a default."""
        labels = pushgateway.group("ci", project="shop", further=["project=till"])

        assert labels == {"job": "ci", "project": "till"}

    @pytest.mark.parametrize(
        ("further", "said"),
        [
            (["shard"], "KEY=VALUE"),
            (["1st=x"], "KEY=VALUE"),
            (["a-b=x"], "KEY=VALUE"),
            (["__name__=x"], "KEY=VALUE"),
            (["=x"], "KEY=VALUE"),
            (["job=x"], "--job names the job"),
            (["a=1", "a=2"], "given twice"),
        ],
    )
    def test_refuses_what_prometheus_would(self, further, said):
        """Named, with the rule."""
        with pytest.raises(UsageProblem) as caught:
            pushgateway.group("ci", project="shop", further=further)

        assert said in str(caught.value)
        assert repr(further[-1]) in str(caught.value)

    def test_refuses_an_empty_job(self):
        """The Pushgateway has no group without one."""
        with pytest.raises(UsageProblem) as caught:
            pushgateway.group("", project="shop")

        assert "--job" in str(caught.value)


class TestGroupPath:
    """The path of a group."""

    @pytest.mark.parametrize(
        ("value", "part"),
        [
            ("shop-2.0_x", "project/shop-2.0_x"),
            ("a/b", "project@base64/YS9i"),
            ("", "project@base64/="),
            ("..", "project@base64/Li4="),
            ("a b", "project@base64/YSBi"),
        ],
    )
    def test_holds_values_that_a_path_cannot(self, value, part):
        """In base64, also those that a client or server would resolve or drop."""
        assert pushgateway.group_path({"job": "x", "project": value}) == f"/metrics/job/x/{part}"

    @given(st.text())
    def test_loses_nothing(self, value):
        """Any value comes back, half characters as the escape that the kit writes too."""
        labels = pushgateway.group("x", project=value)
        path = pushgateway.group_path(labels)
        name, text = path.removeprefix("/metrics/job/x/").split("/")

        if name == "project@base64":
            text = urlsafe_b64decode(text).decode()
        assert text == value.encode("utf-8", "backslashreplace").decode()
        assert text == labels["project"]


class TestBaseUrl:
    """The address of a gateway."""

    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("http://127.0.0.1:9091", "http://127.0.0.1:9091"),
            ("https://push.example/gateway/", "https://push.example/gateway"),
            ("http://[::1]:9091/", "http://[::1]:9091"),
            ("gateway:9091", "http://gateway:9091"),
        ],
    )
    def test_may_have_a_prefix(self, url, base):
        """Gateways stand behind others."""
        assert pushgateway.base_url(url) == base

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("", "http://host:9091"),
            ("ftp://gateway", "http://host:9091"),
            ("http://", "http://host:9091"),
            ("http://gateway:port", "http://host:9091"),
            ("http://[::1", "http://host:9091"),
            ("http://gateway?x=1", "http://host:9091"),
            ("http://gateway/metrics/job/x", "--job"),
            ("http://me:hunter2@gateway:9091", "--password-env"),
            ("me:hunter2@gateway:9091", "--password-env"),
        ],
    )
    def test_is_checked(self, url, said):
        """And a password in it is not repeated."""
        with pytest.raises(UsageProblem) as caught:
            pushgateway.base_url(url)

        assert said in str(caught.value)
        assert "hunter2" not in str(caught.value)


class TestExposition:
    """The content of the files."""

    def test_is_that_of_the_files_that_exist(self, tmp_path):
        """As written, one after the other."""
        first, second = tmp_path / "a.prom", tmp_path / "b.prom"
        first.write_text("# TYPE a counter\na_total 1")
        second.write_text('b{x="y\\n\\"z"} 2\n')

        text = pushgateway.exposition([first, tmp_path / "none.prom", second], labels=GROUP)

        assert text == '# TYPE a counter\na_total 1\nb{x="y\\n\\"z"} 2\n'

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "not one sample"),
            (b"# HELP a Nothing.\n# TYPE a counter\n", "not one sample"),
            (b"a 1 1700000000000\n", "timestamp"),
            (b"a{ 1\n", "not a Prometheus text exposition"),
            (b"a one\n", "not a Prometheus text exposition"),
            (b"a\xff 1\n", "cannot read"),
            (b'a{job="other"} 1\n', "job='other'"),
            (b'a{project="till"} 1\n', "project='till'"),
            (b"a 1\n" * 1_000_001, "bytes"),
        ],
    )
    def test_refuses_what_a_gateway_would(self, tmp_path, content, said):
        """Before anything is sent, naming the file."""
        path = tmp_path / "metrics.prom"
        path.write_bytes(content)

        with pytest.raises(UnreadableInput) as caught:
            pushgateway.exposition([path], labels=GROUP)

        assert said in str(caught.value)
        assert str(path) in str(caught.value)

    def test_may_have_the_labels_of_the_group(self, tmp_path):
        """With `metrics_dir`, `project` stands on every series."""
        path = tmp_path / "metrics.prom"
        path.write_text('a{project="shop"} 1\n')

        assert pushgateway.exposition([path], labels=GROUP)

    def test_names_a_metric_of_two_files(self, tmp_path):
        """Which is an error to the gateway: a second HELP."""
        paths = [tmp_path / "a.prom", tmp_path / "b.prom"]
        for path in paths:
            path.write_text("# HELP a What.\na 1\n")

        with pytest.raises(UnreadableInput) as caught:
            pushgateway.exposition(paths, labels=GROUP)

        assert all(str(path) in str(caught.value) for path in paths)

    def test_says_where_files_were_looked_for(self):
        """With the remedy."""
        with pytest.raises(UnreadableInput) as caught:
            pushgateway.exposition([Path("/no/a.prom"), Path("/no/b.prom")], labels=GROUP)

        assert "no '/no/a.prom' or '/no/b.prom': run pytest with the kit first" in str(caught.value)
