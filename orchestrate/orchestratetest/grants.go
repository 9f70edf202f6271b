package orchestratetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Lacks takes privileges away from the administrator, who has all of them otherwise.
func (s *Settings) Lacks(privileges ...string) {
	s.server.lacks = append(s.server.lacks, privileges...)
	given := facts.Grant{Privileges: slices.DeleteFunc(Privileges(s.server.mysql()), func(p string) bool { return slices.Contains(s.server.lacks, p) })}
	s.server.grants = facts.Known(facts.Grants{Given: []facts.Grant{given}})
}

// Grants lets the server tell something else of what the administrator may do.
func (s *Settings) Grants(grants facts.Value[facts.Grants]) { s.server.grants = grants }

// Privileges are those that the servers of a world ask for.
func Privileges(mysql bool) []string {
	if mysql {
		return []string{
			"REPLICATION_SLAVE_ADMIN", "CONNECTION_ADMIN", "SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN", "SESSION_VARIABLES_ADMIN", "CREATE USER",
		}
	}
	return []string{"REPLICATION SLAVE ADMIN", "RELOAD", "BINLOG ADMIN", "READ_ONLY ADMIN", "CREATE USER"}
}

func (s *server) mysql() bool { return s.instance.Version.Flavour == facts.MySQL }

// refusal is what the server says to an action for which the administrator lacks a privilege.
func (s *server) refusal(a plan.Action) error {
	if _, alters := a.(plan.Require); alters && s.instance.Frozen {
		return errors.New("error 1290: The MySQL server is running with the --super-read-only option so it cannot execute this statement")
	}
	for _, privilege := range s.asks(a) {
		if slices.Contains(s.lacks, privilege) {
			return fmt.Errorf("error 1227: Access denied; you need (at least one of) the %s privilege(s) for this operation", privilege)
		}
	}
	return nil
}

// asks are the privileges that the server asks for.
func (s *server) asks(action plan.Action) []string {
	either := func(mariadb, mysql string) string {
		if s.mysql() {
			return mysql
		}
		return mariadb
	}
	switch a := action.(type) {
	case plan.StopThreads, plan.StartThreads, plan.ChangeTLS:
		return []string{either("REPLICATION SLAVE ADMIN", "REPLICATION_SLAVE_ADMIN")}
	case plan.ReloadTLS:
		return []string{either("RELOAD", "CONNECTION_ADMIN")}
	case plan.Persist:
		return []string{"SYSTEM_VARIABLES_ADMIN"}
	case plan.Unpersist:
		return []string{"SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN"}
	case plan.Require:
		asks := []string{"CREATE USER"}
		if mayAll := s.mysql() && !slices.Contains(s.lacks, "SYSTEM_VARIABLES_ADMIN"); !a.Binlog && !mayAll {
			asks = append(asks, either("BINLOG ADMIN", "SESSION_VARIABLES_ADMIN"))
		}
		if s.instance.ReadOnly {
			asks = append(asks, either("READ_ONLY ADMIN", "CONNECTION_ADMIN"))
		}
		return asks
	}
	return nil // files and commands of the host
}
