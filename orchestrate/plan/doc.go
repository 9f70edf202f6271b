// Package plan decides: from the desired state and the facts it makes the steps that lead from one to the other, and says for
// each condition of a cluster whether it holds.
//
// A [Step] is a goal (a pure [Condition] over facts), guards (conditions that must hold at the moment of acting), the actions that make
// the goal true, and the actions that take it back. The same goal serves four times: [Build] drops a step whose goal holds
// already, the runner checks it before acting and after, [Judge] is the goals on fresh facts, and the runbook prints it as the
// expected result. Nothing here knows a context, a clock, or the order of a map.
package plan
