package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"duradesk/api/client"
)

// reportCommand prints one report as a table.
type reportCommand struct {
	remote
	Name  string `arg:"" help:"volume, response_times, sla, backlog, channels, agents, feedback, reception_types or categories."`
	From  string `help:"The first day, such as 2026-11-01; unless said, 29 days before the last one."`
	To    string `help:"The last day; unless said, today."`
	Desk  string `help:"Only of this one."`
	Group string `help:"Only of tickets that are in it now."`
	Per   string `default:"day" enum:"day,hour" help:"Of volume: day or hour."`
	By    string `default:"desk" enum:"desk,group,agent,priority" help:"Of response_times: desk, group, agent or priority."`
	CSV   bool   `name:"csv" help:"Print it for spreadsheets (UTF-8 with a byte order mark)."`
	JSON  bool   `name:"json" help:"Print the answer as JSON."`
}

// Run asks for the figures and prints them.
func (c *reportCommand) Run(ctx context.Context) error {
	desk, err := c.open()
	if err != nil {
		return err
	}
	per, by := client.GetReportParamsPer(c.Per), client.GetReportParamsBy(c.By)
	params := client.GetReportParams{From: given(c.From), To: given(c.To), Desk: given(c.Desk), Group: given(c.Group), Per: &per, By: &by}
	if c.CSV {
		format := client.GetReportParamsFormat("csv")
		params.Format = &format
		answer, err := desk.GetReport(ctx, c.Name, &params)
		if err != nil || answer.StatusCode >= 400 {
			return answered(answer, err, nil)
		}
		defer func() { _ = answer.Body.Close() }()
		_, err = io.Copy(os.Stdout, answer.Body)
		return err
	}
	var found client.Report
	answer, err := desk.GetReport(ctx, c.Name, &params) //nolint:bodyclose // answered closes it
	if err := answered(answer, err, &found); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, found)
	}
	return printReport(os.Stdout, found)
}

// given is a text that was said; nil for none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// printReport prints a line for each row, under the names by which the API tells the columns.
func printReport(to io.Writer, r client.Report) error {
	fmt.Fprintf(to, "%s, %s to %s (%s), desks: %s\n", r.Name, r.From, r.To, r.Zone, strings.Join(r.Desks, ", "))
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	heads := make([]string, len(r.Columns))
	for i, column := range r.Columns {
		heads[i] = strings.ToUpper(strings.ReplaceAll(column.Key, "_", " "))
	}
	fmt.Fprintln(w, strings.Join(heads, "\t"))
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			switch value := cell.(type) {
			case nil:
				cells[i] = "-"
			case float64:
				cells[i] = fmt.Sprintf("%g", value)
				if value == float64(int64(value)) {
					cells[i] = fmt.Sprintf("%d", int64(value))
				}
			default:
				cells[i] = fmt.Sprint(value)
			}
		}
		if row[0] == nil {
			cells[0] = "(all)"
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
