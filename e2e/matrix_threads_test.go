package e2e_test

func threadScenarios() []scenario { return nil }
