package e2e_test

func accountScenarios() []scenario { return nil }
