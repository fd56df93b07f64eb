package main

import (
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable writes the lines for a terminal.
func printTable(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "line\tunit\tdesk\tmin\tmax\tbare limit\tratio\tmin\tmax\ttarget\tverdict\t")
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r.cells(), "\t")+"\t")
	}
	_ = w.Flush() // to a person's terminal: he is gone if it fails
}

// cells are a line's columns.
func (r *row) cells() []string {
	least, most := span(r.product)
	ratios := r.ratios()
	low, high := span(ratios)
	return []string{
		r.name, r.unit, number(median(r.product)), number(least), number(most), number(median(r.bare)),
		number(median(ratios)), number(low), number(high), r.target.words, r.verdict(),
	}
}

func span(list []float64) (least, most float64) {
	if len(list) == 0 {
		return median(nil), median(nil)
	}
	return slices.Min(list), slices.Max(list)
}

// writeReport writes the report as a document, and a plot per line.
func writeReport(o options, rows []row) error {
	folder, plots := filepath.Base(folderOf(o.Write)), map[string]string{}
	var b strings.Builder
	command := "make bench"
	if o.Crowd > usual {
		command = "make bench-1m"
	}
	b.WriteString("# Benchmarks\n\nWritten by `" + command + "`. Each line was measured beside the bare limit of the same machine in alternating pairs; " +
		"the ratio is what to read, the figures belong to the machine.\n\n")
	fmt.Fprintf(&b, "%s, %d cores, %s, %s; client, server and database on the same machine; %d pairs a line (of those that take minutes two), sizes × %g.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH, o.Rounds, o.Part)
	b.WriteString("| Line | Unit | Desk (median) | min | max | Bare limit (median) | Ratio (median) | min | max | Target | Verdict |\n|---|---|--:|--:|--:|--:|--:|--:|--:|---|---|\n")
	for _, r := range rows {
		b.WriteString("| " + strings.Join(r.cells(), " | ") + " |\n")
	}
	b.WriteString("\n## Line by line\n")
	for _, r := range rows {
		plot := slug(r.name)
		plots[plot] = r.plot()
		fmt.Fprintf(&b, "\n### %s\n\n%s![%s](%s/%s.svg)\n", r.name, r.explained(), r.name, folder, plot)
	}
	return writeDocument(o.Write, b.String(), plots)
}

// explained is the paragraph beneath a line's name: its bare limit, and what else is to be known of it.
func (r row) explained() string {
	var sentences []string
	if r.limit != "" {
		sentences = append(sentences, "Bare limit: "+r.limit+".")
	}
	if r.note != "" {
		sentences = append(sentences, strings.ToUpper(r.note[:1])+r.note[1:]+".")
	}
	if sentences == nil {
		return ""
	}
	return strings.Join(sentences, " ") + "\n\n"
}

// folderOf is where the plots of a document lie: in the folder of its name beside it.
func folderOf(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

// writeDocument writes a report, and its plots by their names.
func writeDocument(file, text string, plots map[string]string) error {
	if err := os.MkdirAll(folderOf(file), 0o755); err != nil {
		return fmt.Errorf("make the folder of the plots: %w", err)
	}
	for name, plot := range plots {
		if err := os.WriteFile(filepath.Join(folderOf(file), name+".svg"), []byte(plot), 0o644); err != nil {
			return fmt.Errorf("write the plot %s: %w", name, err)
		}
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

func slug(name string) string {
	return strings.Trim(notWord.ReplaceAllString(strings.ToLower(strings.ReplaceAll(name, "→", "to")), "-"), "-")
}

// plot draws each round as a dot, product above the bare limit, the medians as lines.
func (r *row) plot() string {
	_, most := span(append(slices.Clone(r.product), r.bare...))
	const left, width = 110, 460
	x := func(v float64) float64 { return left + width*v/max(most*1.05, 1e-9) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 110" role="img" aria-label="%s" font-family="system-ui, sans-serif" font-size="13">`, html.EscapeString(r.name))
	b.WriteString(`<style>text{fill:#333}.axis{stroke:#999}.desk{fill:#2563eb;stroke:#2563eb}.bare{fill:#888;stroke:#888}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>`)
	fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="85" x2="%d" y2="85"/>`, left, left+width)
	fmt.Fprintf(&b, `<text x="%d" y="102">0</text><text x="%d" y="102" text-anchor="end">%s %s</text>`, left, left+width, number(most*1.05), html.EscapeString(r.unit))
	for i, series := range []struct {
		label, class string
		values       []float64
	}{{"desk", "desk", r.product}, {"bare limit", "bare", r.bare}} {
		if len(series.values) == 0 {
			continue
		}
		y := 28 + 34*i
		fmt.Fprintf(&b, `<text x="8" y="%d">%s</text>`, y+4, series.label)
		for _, v := range series.values {
			fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%d" r="4" fill-opacity=".55"/>`, series.class, x(v), y)
		}
		middle := median(series.values)
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke-width="2"/><text x="%.1f" y="%d">%s</text>`,
			series.class, x(middle), y-11, x(middle), y+11, min(x(middle)+6, left+width+4), y-5, number(middle))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
