package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// What lint finds besides the codes of package pki.
const (
	CodeKeyOpen        pki.Code = "key-open"
	CodeUnusable       pki.Code = "unusable"
	CodeOnHost         pki.Code = "on-host"
	CodeTLSDir         pki.Code = "tls-dir"
	CodeTLSDirRisk     pki.Code = "tls-dir-risk"
	CodeConfined       pki.Code = "confined"
	CodeConfinedUntold pki.Code = "confined-untold"
	CodeCRLTaken       pki.Code = "crl-taken"
	CodeOtherAuthority pki.Code = "other-authority"
	CodeClock          pki.Code = "clock"
)

// LintCodes are all codes that lint can tell, with their meanings.
func LintCodes() []pki.CodeInfo {
	return append(pki.Codes(),
		pki.CodeInfo{Code: CodeKeyOpen, Severity: pki.Forbids, Meaning: "a private key can be read by others than its owner"},
		pki.CodeInfo{Code: CodeUnusable, Severity: pki.Forbids, Meaning: "files on this machine cannot be read, or not be used"},
		pki.CodeInfo{Code: CodeOnHost, Severity: pki.Forbids, Meaning: "the set in use lacks a file on its host, or has wrong modes"},
		pki.CodeInfo{Code: CodeTLSDir, Severity: pki.Forbids, Meaning: "what stands at the TLS dir is no folder of sets, or others may write to it"},
		pki.CodeInfo{Code: CodeTLSDirRisk, Severity: pki.Warns, Meaning: "others could change the TLS dir, where nothing has to be written now"},
		pki.CodeInfo{Code: CodeConfined, Severity: pki.Forbids, Meaning: "AppArmor does not let the server read its sets"},
		pki.CodeInfo{Code: CodeConfinedUntold, Severity: pki.Warns, Meaning: "AppArmor or SELinux may not let the server read its sets"},
		pki.CodeInfo{Code: CodeCRLTaken, Severity: pki.Forbids, Meaning: "a list of revoked certificates that is read would be taken away"},
		pki.CodeInfo{Code: CodeOtherAuthority, Severity: pki.Forbids, Meaning: "certificates in use are of another authority than the one here, or of several"},
		pki.CodeInfo{Code: CodeClock, Severity: pki.Forbids, Meaning: "by the clock of a host no certificate that is made now is valid"},
	)
}

// severityOf is what a finding of any code means.
func severityOf(code pki.Code) pki.Severity {
	if code == CodeConfinedUntold || code == CodeTLSDirRisk {
		return pki.Warns
	}
	return code.Severity()
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
	Mended   bool                `json:"mended"` // apply puts that right by itself: no plan blocks on it
}

// LintSubject is what an account would have to demand to let a certificate in, exactly as servers compare it.
type LintSubject struct {
	Server  topology.ServerName `json:"server"`
	File    string              `json:"file"`
	Subject string              `json:"subject"` // for REQUIRE SUBJECT
	Issuer  string              `json:"issuer"`  // for REQUIRE ISSUER
}

// LintFiles judges files without an inventory, for names that clients connect to. The paths are those that a person knows the files by.
func LintFiles(files pki.Files, paths pki.Names, names []string, now time.Time) []LintFinding {
	var found []LintFinding
	for _, finding := range pki.JudgeFiles(files, wantLoose(names, now)) {
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

// Lint tells all that a plan blocks on or warns of because of certificates and their folders, by the very conditions of the plan; what apply
// mends, which are the sets in use and those here that would not do; and what ends soon. Of servers that were not to be looked at it takes the
// inventory's address and the operator's clock. The folder is where the certificates are that are made here.
func Lint(c topology.Cluster, f facts.Facts, folder string) LintReport {
	l := &linter{basis: basis{cluster: c, facts: f}, folder: folder}
	l.passOver()
	l.findLinks()
	l.store()
	defects, _ := l.certificateDefects()
	l.tell(defects)
	told := serversOf(defects)
	for _, s := range c.Servers {
		l.tell(l.confinedDefects(s))
		if !told[s.Name] {
			l.tell(l.riskWarnings(s))
		}
		l.onHost(s, l.here(s))
	}
	r := NewLintReport(l.findings, l.subjects)
	r.Cluster, r.Problems = c.Name, append(r.Problems, l.problems...)
	r.OK = r.OK && len(r.Problems) == 0
	return r
}

type linter struct {
	basis
	folder   string
	findings []LintFinding
	subjects []LintSubject
	problems []Problem
}

// passOver tells of servers that could not be looked at at all, once, and judges them as if nobody had tried.
func (l *linter) passOver() {
	servers := maps.Clone(l.facts.Servers)
	for _, s := range l.cluster.Servers {
		if seen := l.facts.Server(s.Name); l.asked(s.Name) && !seen.Instance.IsKnown() && !seen.TLSDir.IsKnown() {
			l.problem(Problem{Server: s.Name, Why: seen.Instance.Why(), Hint: seen.Instance.Hint()})
			delete(servers, s.Name)
		}
	}
	l.facts.Servers = servers
}

// findLinks takes the inventory's word for channels that were not to be looked at.
func (l *linter) findLinks() {
	found, faults := FindLinks(l.cluster, l.facts)
	l.links = found
	for _, fault := range faults {
		s := l.server(fault.Target)
		source := l.server(s.Source)
		switch {
		case !l.asked(s.Name) || !l.asked(source.Name):
			l.links = append(l.links, Link{Channel: facts.ChannelID{Server: s.Name}, Source: s.Source, Host: source.Address, Port: source.MySQL.Port})
		case fault.Unseen:
			l.problem(fault.problem())
		}
	}
}

// problem tells of what could not be looked at, once.
func (l *linter) problem(p Problem) {
	if !slices.Contains(l.problems, p) {
		l.problems = append(l.problems, p)
	}
}

// add tells a finding, once.
func (l *linter) add(s topology.ServerName, told pki.Told, mended bool) {
	f := LintFinding{
		Server: s, Code: told.Code, Severity: severityOf(told.Code), File: told.File, Reason: told.Reason, Cure: told.Cure, Mended: mended,
	}
	if !slices.Contains(l.findings, f) {
		l.findings = append(l.findings, f)
	}
}

func (l *linter) store() {
	if store := l.facts.Store; !store.IsKnown() {
		l.add(Here, pki.Told{Code: CodeUnusable, File: l.folder, Reason: whyNot(store), Cure: "mend that, or name the folder by --pki DIR"}, false)
	}
}

// tell tells what no apply mends.
func (l *linter) tell(defects []defect) {
	for _, d := range defects {
		if d.unseen {
			l.problem(Problem{Server: d.server, Why: d.Reason, Hint: d.Cure})
			continue
		}
		if d.File == pki.FileCA {
			d.File = path.Join(l.folder, pki.FileCA)
		}
		l.add(d.server, d.Told, false)
	}
}

// here judges what would be copied: the given files, of which only warnings are left to tell, else a set in the folder. It tells whether the
// content of the set in use was judged by that.
func (l *linter) here(s topology.Server) bool {
	if !l.ownFiles() {
		l.made(s)
		return false
	}
	leaf, ok := l.given(s.Name).Get()
	if !ok {
		return false
	}
	for _, finding := range l.judge(s, leaf) {
		if finding.Severity() == pki.Warns {
			told := ofGiven(s, finding)
			told.Reason += l.byItsClock(s.Name, told.Code)
			l.add(s.Name, told, false)
		}
	}
	l.subject(s, s.Given.Cert, leaf.Cert)
	set, used := l.dir(s).CurrentSet()
	return used && normalDigest(leafOf(set)) == l.givenDigest(s)
}

// made judges the set in the folder that waits to be laid down, or the newest that would, if it were good.
func (l *linter) made(s topology.Server) {
	version, _ := l.waitingLeaf(s)
	if version == 0 {
		version = l.newestAside(s)
	}
	leaf, ok := l.facts.Store.Or(facts.Store{}).Leaves[s.Name][version]
	if !ok {
		return // apply makes one where one is needed
	}
	dir := path.Join(l.folder, string(s.Name), fmt.Sprint(version))
	l.mended(s, toldIn(dir, l.judge(s, leaf)), "replssl apply passes over it, and makes another where one is needed")
	l.subject(s, dir+"/"+pki.FileCert, leaf.Cert)
}

// newestAside is the newest version in the folder that is not on the host, and newer than the one in use there; 0 for none.
func (l *linter) newestAside(s topology.Server) int {
	newest, current := 0, l.currentSet(s)
	for version := range l.facts.Store.Or(facts.Store{}).Leaves[s.Name] {
		if _, there := l.dir(s).Sets[version]; !there && version > current {
			newest = max(newest, version)
		}
	}
	return newest
}

// mended tells what apply gets by without anybody, where it forbids, and what only warns.
func (l *linter) mended(s topology.Server, found []pki.Told, how string) {
	for _, told := range found {
		mended := severityOf(told.Code) == pki.Forbids
		if mended {
			told.Cure = how
		}
		told.Reason += l.byItsClock(s.Name, told.Code)
		l.add(s.Name, told, mended)
	}
}

// onHost judges the set in use: how it stands there, and what it holds unless that was judged already. What could not be looked at is told
// where a plan rests on it.
func (l *linter) onHost(s topology.Server, judged bool) {
	dir := l.dir(s)
	set, used := dir.CurrentSet()
	if !used || dir.Kind == facts.DirOther {
		return
	}
	at := onHost(s, s.TLSDir) + "/current"
	goal := l.setInUse(s, dir.Current)
	goal.Given = ""
	for _, flaw := range goal.standing(dir, set) {
		l.standing(s, flaw.in(at))
	}
	if good := goal.good(l.facts, set); !judged && len(set.Faults) == 0 {
		l.mended(s, good.in(at), "replssl apply lays down a set that is good")
		l.subject(s, at+"/"+pki.FileCert, set.Cert)
	}
}

// standing tells of modes and owners, unless it was told that they keep apply from its work.
func (l *linter) standing(s topology.Server, found []pki.Told) {
	how := "replssl apply puts owner and modes right"
	for _, told := range found {
		switch {
		case told.Code == CodeTLSDir && !l.repairs(s):
			continue
		case told.Code == CodeKeyOpen:
			how += "; who could read the key may have a copy"
		}
		l.mended(s, []pki.Told{told}, how)
	}
}

func (l *linter) subject(s topology.Server, file, cert string) {
	if leaf, _, err := pki.ParseLeaf([]byte(cert)); err == nil {
		l.subjects = append(l.subjects, LintSubject{Server: s.Name, File: file, Subject: pki.SubjectOneLine(leaf), Issuer: pki.IssuerOneLine(leaf)})
	}
}
