package orchestrate

import (
	"context"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// Diagnose finds the cause of every error that a receiver or an applier has, of the channels that are meant. It writes nothing anywhere, and the
// replication account does not log in.
func (s *Session) Diagnose(ctx context.Context, meant func(facts.ChannelID) bool) (plan.Diagnosis, error) {
	f, err := s.observe(ctx, plan.LookToDiagnose(s.config.Cluster))
	if err != nil {
		return plan.Diagnosis{}, err
	}
	return plan.Diagnose(s.config.Cluster, f, meant), nil
}
