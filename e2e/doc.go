// Package e2e holds the suites over real servers: each starts a lab, runs the built replssl as a person would, and compares what it says
// with what the servers show.
package e2e
