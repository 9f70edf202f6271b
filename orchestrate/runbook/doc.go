// Package runbook writes a plan down for a person to carry out by hand, with ssh, tar, openssl and the servers' own client.
//
// It is made from the same steps that the tool itself carries out: what a step is for, what must hold before it and what is to be seen
// after it are the sentences of the plan, statements are those of package dialect, and each action is rendered by an exhaustive
// switch over the plan's closed vocabulary. The texts stand in package templates. Nothing here does IO.
package runbook
