package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"duradesk/api/client"
)

// ticketCommand finds tickets and works on them, as an agent does.
type ticketCommand struct {
	Ls      ticketList    `cmd:"" help:"Find tickets: the same line as in the console, such as 'state:open owner:me waiting>4h 請求書'."`
	Show    ticketShow    `cmd:"" help:"Show a ticket with all that was said."`
	Answer  ticketAnswer  `cmd:"" help:"Answer the client."`
	Note    ticketNote    `cmd:"" help:"Write a note for colleagues."`
	Hold    ticketHold    `cmd:"" help:"Put on hold, with an interim answer if there is a text."`
	Resolve ticketResolve `cmd:"" help:"Resolve with the final answer, or internally with a category."`
	Assign  ticketAssign  `cmd:"" help:"Keep (--owner me), hand to somebody or to a group, or free (--owner none)."`
	Export  ticketExport  `cmd:"" help:"Write what was asked of a ticket and answered to a file, as a test for later builds."`
	Close   ticketClose   `cmd:"" help:"Close for good; takes a lead."`
}

type ticketList struct {
	remote
	Q      []string `arg:"" optional:"" help:"What to look for." placeholder:"SEARCH"`
	View   string   `help:"One of the views, such as mine_open, or a kept one."`
	Sort   string   `default:"-updated" help:"updated, created, number, priority, next_due; - in front: descending."`
	Limit  int      `default:"30" help:"At most 200."`
	Cursor string   `help:"Where a page before ended."`
	JSON   bool     `name:"json" help:"Print the answer as JSON."`
}

// Run prints a line for each ticket.
func (c *ticketList) Run(ctx context.Context) error {
	desk, err := c.open()
	if err != nil {
		return err
	}
	q, order := strings.Join(c.Q, " "), client.Sort(c.Sort)
	params := client.ListTicketsParams{Q: &q, Sort: &order, Limit: &c.Limit}
	if c.View != "" {
		params.View = &c.View
	}
	if c.Cursor != "" {
		params.Cursor = &c.Cursor
	}
	var found client.TicketList
	answer, err := desk.ListTickets(ctx, &params) //nolint:bodyclose // answered closes it
	if err := answered(answer, err, &found); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, found)
	}
	return printTickets(os.Stdout, found)
}

func printTickets(to io.Writer, found client.TicketList) error {
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tSTATE\tPRIORITY\tOWNER\tGROUP\tUPDATED\tCLIENT\tTITLE")
	for _, t := range found.Items {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Number, t.State, t.Priority, orDash(t.Owner), orDash(t.Group),
			t.UpdatedAt.Local().Format("2006-01-02 15:04"), orDash(t.Client.Name), t.Title)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	more := ""
	if found.TotalCapped {
		more = "+"
	}
	fmt.Fprintf(to, "%d of %d%s\n", len(found.Items), found.Total, more)
	if found.NextCursor != nil {
		fmt.Fprintf(to, "more: --cursor %s\n", *found.NextCursor)
	}
	return nil
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

type ticketShow struct {
	remote
	Number int64 `arg:"" help:"Of the ticket."`
	JSON   bool  `name:"json" help:"Print ticket and timeline as JSON."`
}

// Run prints the ticket, then its timeline, oldest first.
func (c *ticketShow) Run(ctx context.Context) error {
	desk, err := c.open()
	if err != nil {
		return err
	}
	var t client.Ticket
	answer, err := desk.GetTicket(ctx, c.Number, &client.GetTicketParams{}) //nolint:bodyclose // answered closes it
	if err := answered(answer, err, &t); err != nil {
		return err
	}
	var items []client.TimelineItem
	for params := (client.GetTimelineParams{}); ; {
		var page client.Timeline
		answer, err := desk.GetTimeline(ctx, c.Number, &params) //nolint:bodyclose // answered closes it
		if err := answered(answer, err, &page); err != nil {
			return err
		}
		items = append(items, page.Items...)
		if params.Cursor = page.NextCursor; page.NextCursor == nil {
			break
		}
	}
	if c.JSON {
		return printJSON(os.Stdout, map[string]any{"ticket": t, "timeline": items})
	}
	fmt.Printf("#%d %s\n%s · %s · owner %s · group %s · client %s\n", t.Number, t.Title, t.State, t.Priority, orDash(t.Owner), orDash(t.Group), orDash(t.Client.Name))
	for _, it := range items {
		fmt.Printf("\n%s  %s  %s\n", it.At.Local().Format("2006-01-02 15:04"), it.Type, it.By.Name)
		if it.Event != nil {
			fmt.Println("  " + it.Event.Text)
		}
		if it.Body != nil {
			fmt.Println("  " + strings.ReplaceAll(*it.Body, "\n", "\n  "))
		}
	}
	return nil
}

// ticketOrder is what every command has.
type ticketOrder struct {
	remote
	Number int64  `arg:"" help:"Of the ticket."`
	ID     string `name:"id" help:"Name of this command: the same one again does nothing again. Default: a new one."`
}

// spoken is the text that goes with a command.
type spoken struct {
	Message string `short:"m" help:"The text; - reads it from standard input."`
	Format  string `default:"markdown" enum:"markdown,text,html" help:"How it is written."`
}

// body gives the text as the API takes it; nil where there is none.
func (s spoken) body(in io.Reader) (map[string]any, error) {
	text := s.Message
	if text == "-" {
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("read the text: %w", err)
		}
		text = string(raw)
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // no text
	}
	return map[string]any{"body": text, "body_format": s.Format}, nil
}

// carrier is a command of the generated client with any body.
type carrier func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error)

// send sends a command and tells how it ended.
func (o ticketOrder) send(s *spoken, needed bool, extra map[string]any, carry carrier) error {
	desk, err := o.open()
	if err != nil {
		return err
	}
	if o.ID == "" {
		o.ID = uuid.NewString()
	}
	body := map[string]any{"id": o.ID}
	for k, v := range extra {
		body[k] = v
	}
	if s != nil {
		message, err := s.body(os.Stdin)
		if err != nil {
			return err
		}
		if message == nil && needed {
			return errors.New("there is no text: give it with --message, or --message - for standard input")
		}
		if message != nil {
			body["message"] = message
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the command: %w", err)
	}
	var receipt client.Receipt
	answer, err := carry(desk, o.Number, strings.NewReader(string(raw))) //nolint:bodyclose // answered closes it
	if err := answered(answer, err, &receipt); err != nil {
		return err
	}
	fmt.Printf("#%d %s: %s (%s)\n", receipt.Number, receipt.Command, receipt.Outcome, receipt.Ticket.State)
	return nil
}

type ticketAnswer struct {
	ticketOrder
	spoken
}

// Run answers the client.
func (c *ticketAnswer) Run(ctx context.Context) error {
	return c.send(&c.spoken, true, nil, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.AgentResponseWithBody(ctx, n, &client.AgentResponseParams{}, jsonType, body)
	})
}

type ticketNote struct {
	ticketOrder
	spoken
}

// Run writes a note.
func (c *ticketNote) Run(ctx context.Context) error {
	return c.send(&c.spoken, true, nil, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.AddNoteWithBody(ctx, n, &client.AddNoteParams{}, jsonType, body)
	})
}

type ticketHold struct {
	ticketOrder
	spoken
	Reason string        `default:"client" enum:"client,third_party,internal,scheduled" help:"What it waits for."`
	For    time.Duration `help:"When it opens again by itself, such as 48h."`
}

// Run puts on hold.
func (c *ticketHold) Run(ctx context.Context) error {
	hold := map[string]any{"reason": c.Reason}
	if c.For > 0 {
		hold["until"] = time.Now().Add(c.For).UTC()
	}
	return c.send(&c.spoken, false, map[string]any{"hold": hold}, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.HoldTicketWithBody(ctx, n, &client.HoldTicketParams{}, jsonType, body)
	})
}

type ticketResolve struct {
	ticketOrder
	spoken
	Category string `help:"Without a mail, as: spam, abuse, test, duplicate, solved_by_chat, solved_by_phone, other."`
}

// Run resolves.
func (c *ticketResolve) Run(ctx context.Context) error {
	extra := map[string]any{}
	if c.Category != "" {
		extra["resolve"] = map[string]any{"category": c.Category}
	}
	return c.send(&c.spoken, false, extra, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.ResolveTicketWithBody(ctx, n, &client.ResolveTicketParams{}, jsonType, body)
	})
}

type ticketAssign struct {
	ticketOrder
	Owner string `help:"Key of an agent, me, or none."`
	Group string `help:"Key of a group, or none."`
}

// Run assigns.
func (c *ticketAssign) Run(ctx context.Context) error {
	assign := map[string]any{}
	for name, value := range map[string]string{"owner": c.Owner, "group": c.Group} {
		switch value {
		case "":
		case "none":
			assign[name] = nil
		default:
			assign[name] = value
		}
	}
	return c.send(nil, false, map[string]any{"assign": assign}, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.AssignTicketWithBody(ctx, n, &client.AssignTicketParams{}, jsonType, body)
	})
}

type ticketClose struct{ ticketOrder }

// Run closes.
func (c *ticketClose) Run(ctx context.Context) error {
	return c.send(nil, false, nil, func(desk *client.ClientWithResponses, n int64, body io.Reader) (*http.Response, error) {
		return desk.CloseTicketWithBody(ctx, n, &client.CloseTicketParams{}, jsonType, body)
	})
}
