//go:build !race

package mail_test

// slowdown is what a shared machine may cost.
const slowdown = 2
