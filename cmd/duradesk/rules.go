package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"duradesk/lifecycle"
)

// RulesCmd prints the process: the matrix, the diagram, the clock table, the reasons. With --check it proves it
// instead.
type RulesCmd struct {
	Process string `help:"The process: inquiry, issue or incident. Without: all of them." placeholder:"NAME"`
	Check   bool   `help:"Prove that no ticket can be left in a dead end; tell the shortest story of each broken law." xor:"what"`
	Write   string `help:"Write the document to this file instead of printing it." placeholder:"FILE" type:"path" xor:"what"`
}

// Run does what the flags say; a broken law is an error, so that a script notices.
func (c RulesCmd) Run() error {
	if c.Process == "" {
		return c.run(os.Stdout, lifecycle.Book(), lifecycle.Processes()...)
	}
	table, ok := lifecycle.ByName(c.Process)
	if !ok {
		return fmt.Errorf("there is no process %q: use inquiry, issue or incident", c.Process)
	}
	return c.run(os.Stdout, table.Document(), table)
}

func (c RulesCmd) run(out io.Writer, document string, tables ...*lifecycle.Table) error {
	switch {
	case c.Check:
		for _, t := range tables {
			if err := check(out, t); err != nil {
				return err
			}
		}
		return nil
	case c.Write != "":
		return write(c.Write, document)
	}
	if _, err := io.WriteString(out, document); err != nil {
		return fmt.Errorf("print the rules: %w", err)
	}
	return nil
}

var errBroken = errors.New("the rules break a law")

func check(out io.Writer, table *lifecycle.Table) error {
	found := table.Prove()
	for _, f := range found {
		fmt.Fprintln(out, f)
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %d finding(s) above in the process %q", errBroken, len(found), table.Name)
	}
	for _, p := range lifecycle.Laws() {
		fmt.Fprintf(out, "holds  %-14s %s\n", p.Key, p.Says)
	}
	fmt.Fprintf(out, "rules %s %s\n", table.Name, table.Hash())
	return nil
}

// write leaves the file alone where it says the same already, so that building tools don't see a change.
func write(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of the rules document: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the rules document: %w", err)
	}
	return nil
}
