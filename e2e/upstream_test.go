package e2e_test

func upstreamScenarios() []scenario { return nil }
