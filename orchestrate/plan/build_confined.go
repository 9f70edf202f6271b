package plan

import (
	"fmt"
	"path"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/topology"
)

// confinedDefects tells where AppArmor would keep a server from its files, and where SELinux may. Its word counts less than a server that shows
// the certificate of its set from there: then another text of the profile is loaded than the one that stands on the host.
func (b *basis) confinedDefects(s topology.Server) []defect {
	confined, ok := b.facts.Server(s.Name).Confined.Get()
	if !ok || (Serves{Server: s.Name, Paths: b.ourPaths(s)}).Holds(b.facts).Holds() {
		return nil
	}
	told := pki.Told{Code: CodeConfinedUntold, File: onHost(s, s.TLSDir+"/versions")}
	switch may, known := confined.Reads.Get(); {
	case confined.KeyType != "":
		told.Reason = untriedType(s, confined.KeyType)
	case !known:
		told.Reason = untold(s, confined)
	case !may:
		told.Code, told.Cure = CodeConfined, letIn(s, confined)
		told.Reason = fmt.Sprintf("AppArmor does not let the server read %s/versions: its profile %s, which is enforced, has no rule for it", s.TLSDir, confined.Profile)
	default:
		return nil
	}
	return []defect{defectOf(s.Name, told)}
}

// untriedType warns only: a policy of the host's own may have a rule that the reference policy has not.
func untriedType(s topology.Server, keyType string) string {
	return fmt.Sprintf("SELinux may keep the server from %s/current/key.pem: the reference policy (read, not tried) lets mysqld_t read no file of its type, %s; "+
		"semanage fcontext -a -t mysqld_etc_t \"%s(/.*)?\" and restorecon -R \"%s\" give it one that it may read", s.TLSDir, keyType, s.TLSDir, s.TLSDir)
}

func untold(s topology.Server, confined facts.Confined) string {
	which := "an AppArmor profile"
	if confined.Profile != "" {
		which = "the AppArmor profile " + confined.Profile + ", which is enforced,"
	}
	return fmt.Sprintf("whether %s lets the server read %s/versions cannot be told: %s", which, s.TLSDir, confined.Reads.Why())
}

// letIn is what helps: a folder that the profile knows, or a rule of one's own.
func letIn(s topology.Server, confined facts.Confined) string {
	rule := fmt.Sprintf("%s/versions/** r,", s.TLSDir)
	if strings.ContainsAny(s.TLSDir, " \t") {
		rule = fmt.Sprintf("\"%s/versions/**\" r,", s.TLSDir)
	}
	where := "add the line \"" + rule + "\" to " + confined.Place
	if path.Base(path.Dir(confined.Place)) != "local" {
		where = "add the line \"" + rule + "\" to the profile in " + confined.Place
	}
	hint := fmt.Sprintf("%s and run apparmor_parser -r %s", where, confined.File)
	if confined.Usual {
		hint = "tls: {dir: /etc/mysql/ssl} in the inventory, which the profile lets it read; or " + hint
	}
	return hint
}
