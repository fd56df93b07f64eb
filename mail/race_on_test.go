//go:build race

package mail_test

// slowdown is what the race detector and a shared machine cost.
const slowdown = 12
