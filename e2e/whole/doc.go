// Package whole holds the suite over whole machines: what people have in front of them, with replssl on one machine and the servers on
// others.
package whole
