package e2e_test

func foreignScenarios() []scenario { return nil }
