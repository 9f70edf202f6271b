package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/replssl/replssl/cmd/replssl/internal/ui"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/remote/secret"
	"github.com/replssl/replssl/remote/shell"
)

type lintFlags struct {
	offline                   bool
	ca, cert, key, chain, crl string
	names                     []string
}

func newPKILint(s *settings) *cobra.Command {
	var flags lintFlags
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Judge certificates before anything is copied: each fault with its code and its cure",
		Long: `Judge the certificates of the cluster: those that would be copied, and those in
use on the hosts, for the names by which the replicas really call their sources
and by the clocks of the hosts. Nothing is written. With --offline no host is
reached: the names are the inventory's addresses, and the clock is this one.

With --ca, --cert and --key judge loose files instead, without an inventory.

A fault forbids the use of the files, or warns. For each certificate the subject
is shown exactly as REQUIRE SUBJECT compares it.

Exit codes: 0 nothing forbids, 1 error, or not everything could be looked at,
3 something forbids, 130 interrupted.`,
		Example: `  replssl pki lint -i orders.yaml
  replssl pki lint --offline --json
  replssl pki lint --ca ca.pem --cert db1.pem --key db1.key --name db1.example.com`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.isLoose() {
				return lintLoose(cmd, s, &flags)
			}
			return lintCluster(cmd, s, &flags)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&flags.offline, "offline", false, "reach no host")
	f.StringVar(&flags.ca, "ca", "", "judge loose files: the bundle `FILE` of the authorities")
	f.StringVar(&flags.cert, "cert", "", "the certificate `FILE`")
	f.StringVar(&flags.key, "key", "", "the key `FILE`")
	f.StringVar(&flags.chain, "chain", "", "`FILE` of the intermediate authorities, where they are not behind the certificate")
	f.StringVar(&flags.crl, "crl", "", "`FILE` of revoked certificates")
	f.StringArrayVar(&flags.names, "name", nil, "a `NAME` that clients connect to; may be given again")
	for _, name := range []string{"ca", "cert", "key", "chain", "crl"} {
		completesFile(cmd, name, "pem", "crt", "key")
	}
	return cmd
}

func (f *lintFlags) isLoose() bool {
	return f.ca+f.cert+f.key+f.chain+f.crl != "" || len(f.names) > 0
}

func lintCluster(cmd *cobra.Command, s *settings, flags *lintFlags) error {
	session, _, err := s.session()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	report, err := session.Lint(cmd.Context(), flags.offline)
	if err != nil {
		return err
	}
	if cmd.Context().Err() != nil {
		return &codeError{code: exitInterrupted, text: "interrupted"}
	}
	return tellLint(cmd, s, report)
}

func tellLint(cmd *cobra.Command, s *settings, report plan.LintReport) error {
	if err := show(cmd, s, report, func() { ui.Lint(cmd.OutOrStdout(), report) }); err != nil {
		return err
	}
	switch {
	case report.Forbidding() > 0:
		return &codeError{code: exitBlocked}
	case len(report.Problems) > 0:
		return &codeError{code: exitError, text: "not everything could be looked at", hint: "--offline judges what is on this machine"}
	}
	return nil
}

// lintLoose needs the authorities and the certificate; the rest is judged where it is given.
func lintLoose(cmd *cobra.Command, s *settings, flags *lintFlags) error {
	if flags.ca == "" || flags.cert == "" {
		return &codeError{code: exitError, text: "loose files need --ca and --cert", hint: "without either of them the files of the inventory are judged"}
	}
	var files pki.Files
	var key []byte
	paths := pki.Names{pki.FileCA: flags.ca, pki.FileCert: flags.cert, pki.FileKey: flags.key, pki.FileChain: flags.chain, pki.FileCRL: flags.crl}
	for _, one := range []struct {
		path string
		into *[]byte
	}{{flags.ca, &files.CA}, {flags.cert, &files.Cert}, {flags.key, &key}, {flags.chain, &files.Chain}, {flags.crl, &files.CRL}} {
		if one.path == "" {
			continue
		}
		data, err := readNamed(one.path)
		if err != nil {
			return err
		}
		*one.into = data
	}
	if key != nil {
		files.Key = secret.New(key)
	}
	found := plan.LintFiles(files, paths, flags.names, time.Now())
	found = append(found, openKey(flags.key)...)
	var subjects []plan.LintSubject
	if leaf, _, err := pki.ParseLeaf(files.Cert); err == nil {
		subjects = append(subjects, plan.LintSubject{File: flags.cert, Subject: pki.SubjectOneLine(leaf), Issuer: pki.IssuerOneLine(leaf)})
	}
	return tellLint(cmd, s, plan.NewLintReport(found, subjects))
}

func openKey(path string) []plan.LintFinding {
	const others = 0o077
	info, err := os.Stat(path)
	if path == "" || err != nil || info.Mode().Perm()&others == 0 {
		return nil
	}
	return []plan.LintFinding{{
		Code: plan.CodeKeyOpen, Severity: plan.CodeKeyOpen.Severity(), File: path,
		Reason: fmt.Sprintf("others than its owner may read it (mode %04o)", info.Mode().Perm()), Cure: "chmod 600 " + shell.Quote(path),
	}}
}
