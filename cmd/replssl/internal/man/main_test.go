package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func at(seconds string) func(string) string {
	return func(name string) string { return map[string]string{epoch: seconds}[name] }
}

// pages are the pages by name, written on the 21st of September 2026.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "man1")
	if err := run([]string{"--dir", dir}, at("1790000000"), io.Discard); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	return texts
}

func TestEachCommandHasItsPage(t *testing.T) {
	texts := pages(t)
	for _, name := range []string{"replssl.1", "replssl-plan.1", "replssl-apply.1", "replssl-lab-up.1", "replssl-pki-init.1", "replssl-completion.1"} {
		if texts[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	plan := texts["replssl-plan.1"]
	for _, want := range []string{`"2026-09-21"`, ".SH DESCRIPTION", "Exit codes: 0 nothing to do", `\fB--allow-restart\fP` + "\n", "replssl plan -i orders.yaml", "replssl(1)"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the page of plan lacks %q:\n%s", want, plan)
		}
	}
}

// TestFlagsNameTheirValues as help does; a switch has none.
func TestFlagsNameTheirValues(t *testing.T) {
	texts := pages(t)
	for page, options := range map[string][]string{
		"replssl-apply.1": {
			`\fB--digest\fP=\fIDIGEST\fP` + "\nrefuse unless the plan has the DIGEST that was approved\n",
			`\fB--enforce\fP=\fIlast|first\fP` + "\nrequire TLS of the account last|first (default: policy.enforce)\n",
			`\fB-i\fP, \fB--inventory\fP=\fIFILE\fP` + "\nthe inventory FILE (default replssl.yaml)\n",
			`\fB--wait\fP=\fITIME\fP` + "\nthe TIME to wait at the end for the replicas to reach the primary (default 30s)\n",
			`\fB--pki\fP=\fIDIR\fP` + "\nfolder DIR of the certificates (default: pki beside the inventory)\n",
			`\fB-y\fP, \fB--yes\fP` + "\ndo not ask\n",
		},
		"replssl-lab-up.1": {
			`\fB--replicas\fP=\fIN\fP` + "\nstart N replicas (default 2)\n",
			`\fB--source\fP=\fIREPLICA=SOURCE\fP` + "\na replica's source",
		},
	} {
		for _, want := range options {
			if !strings.Contains(texts[page], ".TP\n"+want) {
				t.Errorf("%s lacks\n%s\nit is\n%s", page, want, texts[page])
			}
		}
	}
}

// TestTheSameSourceGivesTheSamePages: nothing in them is of the machine or the day on which they were made.
func TestTheSameSourceGivesTheSamePages(t *testing.T) {
	one, other := pages(t), pages(t)
	for name, text := range one {
		if other[name] != text {
			t.Errorf("%s differs:\n%s\n%s", name, text, other[name])
		}
	}
	if len(one) == 0 || len(one) != len(other) {
		t.Errorf("%d pages and %d", len(one), len(other))
	}
}

func TestDateMustBeGiven(t *testing.T) {
	const how = `it must be the date of the source in seconds since 1970, as "git log -1 --format=%ct" prints it; "make man" gives it`
	for seconds, want := range map[string]string{
		"": "SOURCE_DATE_EPOCH is not set; " + how, "today": `SOURCE_DATE_EPOCH is "today"; ` + how,
	} {
		if err := run([]string{"--dir", t.TempDir()}, at(seconds), io.Discard); err == nil || err.Error() != want {
			t.Errorf("%q: %v", seconds, err)
		}
	}
	if err := run(nil, at("1"), io.Discard); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("without a folder: %v", err)
	}
}

func TestMandocHasNothingToWarnOf(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	dir := t.TempDir()
	for name, text := range pages(t) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if out, err := exec.Command("mandoc", slices.Concat([]string{"-T", "lint", "-W", "warning"}, files)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
