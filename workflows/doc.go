// Package workflows is the clockwork: it waits for signals and timers, has commands applied, and starts effects.
//
// It decides nothing (see lifecycle), touches nothing outside (see activities), and holds no text about anybody.
package workflows
