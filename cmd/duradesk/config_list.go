package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// configCommand lists every setting with its default: for people as a table, for the documentation as Markdown.
type configCommand struct {
	Write string `help:"Write the list as Markdown to this file." placeholder:"FILE" type:"path"`
}

// setting is one variable of the environment.
type setting struct {
	env, value, help string
	commands         []string
}

// outside are variables that are read where flags don't reach, or by the libraries below.
var outside = []setting{
	{env: "TEMPORAL_ADDRESS", value: "127.0.0.1:7233", help: "Temporal's frontend. With it set, up starts none of its own.", commands: []string{"api", "worker", "up"}},
	{env: "TEMPORAL_NAMESPACE", value: "default", help: "Namespace in Temporal.", commands: []string{"api", "worker", "up"}},
	{env: "TEMPORAL_API_KEY, TEMPORAL_TLS_…, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE", help: "As for every Temporal client.", commands: []string{"api", "worker"}},
	{env: "DURADESK_ADMIN_PASSWORD", help: "Password that the first admin gets while he has none; without it one is made up, kept and shown.", commands: []string{"up"}},
	{env: "DURADESK_ZONE", value: "Asia/Tokyo", help: "Time zone of the business hours that the first desk begins with. A desk that is there keeps its policy.", commands: []string{"up"}},
	{env: "DURADESK_HOURS", value: "09:00-18:00", help: "These business hours, Monday to Friday; `always`: round the clock. In Asia/Tokyo national holidays and 29 December to 3 January are closed.", commands: []string{"up"}},
	{env: "DURADESK_TEMPORAL_BIN", help: "A Temporal server that takes the flags of `server start-dev`; else one on PATH that is new enough, else built.", commands: []string{"up"}},
	{env: "DURADESK_POSTGRES_BIN", help: "Folder with initdb and postgres; else those of PATH, Debian or Homebrew, else fetched.", commands: []string{"up"}},
	{env: "DURADESK_POSTGRES_REPOSITORY", help: "Maven repository from which prebuilt Postgres binaries are fetched where none is found.", commands: []string{"up"}},
}

// Run prints the list.
func (c *configCommand) Run(parser *kong.Kong) error {
	list := append(settingsOf(parser.Model.Node), outside...)
	if c.Write != "" {
		return write(c.Write, configDocument(list))
	}
	return printSettings(os.Stdout, list)
}

// settingsOf collects the variables of all commands; one that several read is listed once.
func settingsOf(node *kong.Node) []setting {
	found := map[string]*setting{}
	for _, command := range node.Children {
		for _, flag := range flagsOf(command) {
			for _, env := range flag.Envs {
				s, ok := found[env]
				if !ok {
					s = &setting{env: env, value: flag.Default, help: flag.Help}
					if flag.Required && flag.Default == "" {
						s.value = "needed"
					}
					found[env] = s
				}
				if !command.Hidden && !slices.Contains(s.commands, command.Name) {
					s.commands = append(s.commands, command.Name)
				}
			}
		}
	}
	var out []setting
	for _, s := range found {
		if len(s.commands) > 0 {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(a, b setting) int { return strings.Compare(a.env, b.env) })
	return out
}

// flagsOf are the flags of a command and of what is below it.
func flagsOf(command *kong.Node) []*kong.Flag {
	flags := command.Flags
	for _, inner := range command.Children {
		flags = append(flags[:len(flags):len(flags)], flagsOf(inner)...)
	}
	return flags
}

func printSettings(to io.Writer, list []setting) error {
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tDEFAULT\tREAD BY\tMEANING")
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.env, s.value, strings.Join(s.commands, " "), s.help)
	}
	return w.Flush()
}

func configDocument(list []setting) string {
	var b strings.Builder
	b.WriteString("# Settings\n\nWritten by `duradesk config --write`; `duradesk config` prints the same. Each is a variable of the environment; flags of the\ncommands that read it mean the same. Mailboxes are rows, not settings.\n\n")
	b.WriteString("| Setting | Default | Read by | Meaning |\n|---|---|---|---|\n")
	for _, s := range list {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.env, code(s.value), strings.Join(s.commands, ", "), s.help)
	}
	return b.String()
}

func code(s string) string {
	if s == "" || s == "needed" {
		return s
	}
	return "`" + s + "`"
}
