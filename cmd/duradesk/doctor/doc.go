// Package doctor says what is wrong with a running desk, in words, and what to do about it: database, Temporal, workers,
// clocks, mailboxes, disks, secret key.
//
// It mends nothing, and what a person reads at the terminal is made in package main.
package doctor
