// Package supervise keeps the children of `duradesk up` running: it starts them, waits until they are ready, starts
// again those that die and stops them in order, with pid files and logs in one state directory that it locks.
//
// What the children are does not belong here: see the up files of cmd/duradesk.
package supervise
