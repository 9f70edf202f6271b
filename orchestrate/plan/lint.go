package plan

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// What lint finds besides the codes of package pki.
const (
	CodeKeyOpen  pki.Code = "key-open"
	CodeUnusable pki.Code = "unusable"
	CodeOnHost   pki.Code = "on-host"
)

// LintCodes are all codes that lint can tell, with their meanings.
func LintCodes() []pki.CodeInfo {
	return append(pki.Codes(),
		pki.CodeInfo{Code: CodeKeyOpen, Severity: pki.Forbids, Meaning: "a private key can be read by others than its owner"},
		pki.CodeInfo{Code: CodeUnusable, Severity: pki.Forbids, Meaning: "files on this machine cannot be read, or not be used"},
		pki.CodeInfo{Code: CodeOnHost, Severity: pki.Forbids, Meaning: "the set in use lacks a file on its host, or has wrong modes"},
	)
}

// LintReport is all that is wrong with the certificates of a cluster, or of loose files: schema 1.
type LintReport struct {
	Schema   int           `json:"schema"`
	Cluster  string        `json:"cluster"` // empty for loose files
	OK       bool          `json:"ok"`      // nothing forbids the use, and everything was looked at
	Findings []LintFinding `json:"findings"`
	Subjects []LintSubject `json:"subjects"`
	Problems []Problem     `json:"problems"` // what could not be looked at
}

// LintFinding is one thing that is wrong.
type LintFinding struct {
	Server   topology.ServerName `json:"server"` // empty for loose files
	Code     pki.Code            `json:"code"`
	Severity pki.Severity        `json:"severity"`
	File     string              `json:"file"` // host:path for one that stands on a host
	Reason   string              `json:"reason"`
	Cure     string              `json:"cure"`
}

// LintSubject is what an account would have to demand to let a certificate in, exactly as servers compare it.
type LintSubject struct {
	Server  topology.ServerName `json:"server"`
	File    string              `json:"file"`
	Subject string              `json:"subject"` // for REQUIRE SUBJECT
	Issuer  string              `json:"issuer"`  // for REQUIRE ISSUER
}

// LintFiles judges files without an inventory. The paths are those that a person knows them by.
func LintFiles(files pki.Files, paths pki.Names, want pki.Want) []LintFinding {
	var found []LintFinding
	for _, finding := range pki.JudgeFiles(files, want) {
		told := finding.In(paths)
		found = append(found, LintFinding{Code: told.Code, Severity: told.Severity(), File: told.File, Reason: told.Reason, Cure: told.Cure})
	}
	return found
}

// NewLintReport is one of findings that were made without an inventory.
func NewLintReport(findings []LintFinding, subjects []LintSubject) LintReport {
	r := LintReport{Schema: 1, Findings: append([]LintFinding{}, findings...), Subjects: append([]LintSubject{}, subjects...), Problems: []Problem{}}
	r.OK = r.Forbidding() == 0
	return r
}

// Forbidding is how many findings forbid the use of the files.
func (r LintReport) Forbidding() int {
	count := 0
	for _, finding := range r.Findings {
		if finding.Severity == pki.Forbids {
			count++
		}
	}
	return count
}

// Lint judges what would be copied, and the sets in use on the hosts that were looked at, for the names by which the servers are called and by
// the clocks of their hosts. Of servers that were not looked at it takes the inventory's address and the operator's clock. The folder is where
// the certificates are that are made here.
func Lint(c topology.Cluster, f facts.Facts, folder string) LintReport {
	links, _ := FindLinks(c, f)
	l := &linter{builder: &builder{cluster: c, facts: f, links: links}, folder: folder}
	l.store()
	for _, s := range c.Servers {
		l.here(s)
		l.onHost(s)
	}
	r := NewLintReport(l.findings, l.subjects)
	r.Cluster, r.Problems = c.Name, append(r.Problems, l.problems...)
	r.OK = r.OK && len(r.Problems) == 0
	return r
}

type linter struct {
	*builder
	folder   string
	findings []LintFinding
	subjects []LintSubject
	problems []Problem
}

func (l *linter) add(s topology.Server, file string, found ...pki.Told) {
	for _, one := range found {
		l.findings = append(l.findings, LintFinding{
			Server: s.Name, Code: one.Code, Severity: one.Severity(), File: file + one.File, Reason: one.Reason + l.byItsClock(s.Name, one.Code), Cure: one.Cure,
		})
	}
}

func (l *linter) store() {
	store := l.facts.Store
	if _, ok := store.Get(); !ok {
		l.findings = append(l.findings, LintFinding{
			Code: CodeUnusable, Severity: pki.Forbids, File: l.folder, Reason: whyNot(store), Cure: "mend that, or name the folder by --pki DIR",
		})
	}
}

func (l *linter) want(s topology.Server) pki.Want {
	want := l.wantOf(s)
	want.MinLeft = pki.SoonLeft
	return want
}

// here judges what would be copied: the given files, else the newest set that was made.
func (l *linter) here(s topology.Server) {
	store, ok := l.facts.Store.Get()
	if !ok {
		return
	}
	if l.cluster.TLS.Source == topology.SourceFiles {
		l.given(s, store.Given[s.Name])
		return
	}
	newest := 0
	for version := range store.Leaves[s.Name] {
		newest = max(newest, version)
	}
	if newest == 0 {
		return // apply makes one
	}
	dir := path.Join(l.folder, string(s.Name), fmt.Sprint(newest)) + "/"
	leaf := store.Leaves[s.Name][newest]
	l.add(s, dir, told(allFindings(leaf, l.want(s)))...)
	l.subject(s, dir+pki.FileCert, leaf.Cert)
}

func (l *linter) given(s topology.Server, own facts.Value[facts.Leaf]) {
	leaf, ok := own.Get()
	if !ok {
		l.add(s, "", l.refused(s, own))
		return
	}
	for _, finding := range allFindings(leaf, l.want(s)) {
		l.add(s, "", ofGiven(s, finding).Told)
	}
	l.subject(s, s.Given.Cert, leaf.Cert)
}

// refused names the file that cannot be used, by its own code where it has one.
func (l *linter) refused(s topology.Server, own facts.Value[facts.Leaf]) pki.Told {
	told := pki.Told{Code: CodeUnusable, File: s.Given.Cert, Reason: whyNot(own), Cure: own.Hint()}
	if file, ok := l.facts.Store.Or(facts.Store{}).Refused[s.Name]; ok {
		told.File, told.Reason = file.Path, file.Why
		told.Code = cmp.Or(pki.Code(file.Code), CodeUnusable)
	}
	return told
}

// onHost judges the set in use, unless it is the one that was judged here.
func (l *linter) onHost(s topology.Server) {
	seen := l.facts.Server(s.Name).TLSDir
	dir, ok := seen.Get()
	if _, asked := l.facts.Servers[s.Name]; asked && !ok && !seen.IsAbsent() {
		l.problems = append(l.problems, Problem{Server: s.Name, Why: seen.Why(), Hint: seen.Hint()})
	}
	set, used := dir.CurrentSet()
	if !used {
		return
	}
	at := fmt.Sprintf("%s:%s/current/", s.Name, s.TLSDir)
	if len(set.Faults) > 0 {
		l.add(s, strings.TrimSuffix(at, "/"), pki.Told{Code: CodeOnHost, Reason: strings.Join(set.Faults, "; "), Cure: "replssl apply mends it"})
		return
	}
	l.readers(s, at, set)
	leaf := leafOf(set)
	leaf.KeyPublic = set.KeyPublic.Or("")
	l.add(s, at, told(allFindings(leaf, l.want(s)))...)
	l.subject(s, at+pki.FileCert, leaf.Cert)
}

// readers judges who can read the files: the server must, and of the key nobody else.
func (l *linter) readers(s topology.Server, at string, set facts.FileSet) {
	const cure = "replssl apply puts owner and modes right"
	can, tried := set.Readable.Get()
	switch {
	case set.Exposed:
		l.add(s, at, pki.Told{
			Code: CodeKeyOpen, File: pki.FileKey, Reason: strings.Join(set.Loose, "; "), Cure: cure + "; who could read the key may have a copy",
		})
	case len(set.Loose) > 0:
		l.add(s, strings.TrimSuffix(at, "/"), pki.Told{Code: CodeOnHost, Reason: strings.Join(set.Loose, "; "), Cure: cure})
	case tried && !can:
		l.add(s, strings.TrimSuffix(at, "/"), pki.Told{Code: CodeOnHost, Reason: "the user of the server cannot read it", Cure: cure})
	}
}

// told are findings by the names that files have in a set.
func told(findings []pki.Finding) []pki.Told {
	texts := make([]pki.Told, len(findings))
	for i, finding := range findings {
		texts[i] = finding.In(nil)
	}
	return texts
}

// allFindings are those that warn too.
func allFindings(leaf facts.Leaf, want pki.Want) []pki.Finding {
	set, err := parseSet(leaf)
	if err != nil {
		return pki.JudgeFiles(pki.Files{CA: []byte(leaf.CA), Cert: []byte(leaf.Cert), CRL: []byte(leaf.CRL)}, want)
	}
	return pki.Judge(set, want)
}

func (l *linter) subject(s topology.Server, file, cert string) {
	if leaf, _, err := pki.ParseLeaf([]byte(cert)); err == nil {
		l.subjects = append(l.subjects, LintSubject{Server: s.Name, File: file, Subject: pki.SubjectOneLine(leaf), Issuer: pki.IssuerOneLine(leaf)})
	}
}
