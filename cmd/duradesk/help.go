package main

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"
)

// helpCommand is --help for those who ask in words.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, with the one below it where it has some: duradesk help mailbox add."`
}

// Run prints what --help prints; with that the program ends.
func (h *helpCommand) Run(parser *kong.Kong) error {
	_, err := parser.Parse(append(slices.Clone(h.Command), "--help"))
	return err
}

// versionCommand names the program as Temporal and the doctor know it.
type versionCommand struct{}

// Run prints the name of this build in a line.
func (versionCommand) Run(parser *kong.Kong) error {
	_, err := fmt.Fprintln(parser.Stdout, build())
	return err
}

// versionFlag is the command for whoever writes it as a flag.
type versionFlag bool

// BeforeReset prints and ends before anything else is asked for.
func (versionFlag) BeforeReset(parser *kong.Kong) error {
	err := versionCommand{}.Run(parser)
	parser.Exit(0)
	return err
}
