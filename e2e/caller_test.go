package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// caller is somebody who uses the API with a token.
type caller struct {
	d     *desk
	token string
}

func (d *desk) admin() *caller { return &caller{d: d, token: d.settings["DURADESK_BOOTSTRAP_TOKEN"]} }

// reply is what the API answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// The parts of the API's answers that the tests look at.
type (
	ticketView struct {
		Number     int64          `json:"number"`
		Title      string         `json:"title"`
		State      string         `json:"state"`
		Hold       *holdView      `json:"hold"`
		Owner      *string        `json:"owner"`
		Tier       int            `json:"tier"`
		Fields     map[string]any `json:"fields"`
		CreatedAt  time.Time      `json:"created_at"`
		ResolvedAt *time.Time     `json:"resolved_at"`
		ClosesAt   *time.Time     `json:"closes_at"`
		Revision   int64          `json:"revision"`
		WorkflowID string         `json:"workflow_id"`
		Links      []linkView     `json:"links"`
	}
	linkView struct {
		Kind   string `json:"kind"`
		Number int64  `json:"number"`
	}
	holdView struct {
		Reason string     `json:"reason"`
		Until  *time.Time `json:"until"`
	}
	receiptView struct {
		ID       string      `json:"id"`
		Number   int64       `json:"number"`
		Command  string      `json:"command"`
		Outcome  string      `json:"outcome"`
		Reason   *string     `json:"reason"`
		Revision *int64      `json:"revision"`
		At       time.Time   `json:"at"`
		Ticket   *ticketView `json:"ticket"`
	}
	problemView struct {
		Type    string      `json:"type"`
		Detail  string      `json:"detail"`
		Receipt receiptView `json:"receipt"`
		Unseen  []itemView  `json:"unseen"`
		DraftID string      `json:"draft_id"`
	}
	itemView struct {
		ID        string         `json:"id"`
		Seq       int64          `json:"seq"`
		Revision  int64          `json:"revision"`
		At        time.Time      `json:"at"`
		Type      string         `json:"type"`
		By        byView         `json:"by"`
		CommandID string         `json:"command_id"`
		Body      string         `json:"body"`
		Delivery  []deliveryView `json:"delivery"`
		Event     *eventView     `json:"event"`
	}
	byView struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	}
	deliveryView struct {
		Recipient string  `json:"recipient"`
		State     string  `json:"state"`
		Attempts  int     `json:"attempts"`
		Reason    *string `json:"reason"`
		Channel   string  `json:"channel"`
	}
	eventView struct {
		Name  string         `json:"name"`
		From  string         `json:"from"`
		To    string         `json:"to"`
		Cause causeView      `json:"cause"`
		Data  map[string]any `json:"data"`
	}
	causeView struct {
		Rule string `json:"rule"`
		Why  string `json:"why"`
	}
)

// web keeps connections for many callers; a command may wait half a minute for its receipt.
var web = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// try sends one request. An error means that nobody knows what became of it.
func (c *caller) try(ctx context.Context, method, path string, body any) (reply, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.d.settings["DURADESK_HTTP_ADDR"]+"/api/v1"+path, content)
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := web.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	return reply{response.StatusCode, response.Header, answer}, nil
}

// call sends a request that must get an answer.
func (c *caller) call(method, path string, body any) reply {
	c.d.t.Helper()
	r, err := c.try(c.d.t.Context(), method, path, body)
	require.NoError(c.d.t, err)
	return r
}

// read decodes the answer to a GET that must succeed.
func (c *caller) read(path string, into any) {
	c.d.t.Helper()
	r := c.call(http.MethodGet, path, nil)
	require.Equal(c.d.t, http.StatusOK, r.status, r)
	require.NoError(c.d.t, json.Unmarshal(r.body, into))
}

func (c *caller) ticket(number int64) ticketView {
	c.d.t.Helper()
	var v ticketView
	c.read(ticketPath(number), &v)
	return v
}

// timeline is the whole of it.
func (c *caller) timeline(number int64) []itemView {
	c.d.t.Helper()
	var all []itemView
	for cursor := ""; ; {
		var page struct {
			Items      []itemView `json:"items"`
			NextCursor *string    `json:"next_cursor"`
		}
		c.read(ticketPath(number)+"/timeline?limit=200&cursor="+url.QueryEscape(cursor), &page)
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		cursor = *page.NextCursor
	}
}

// list gives the tickets that a query finds, all of them.
func (c *caller) list(query string) []ticketView {
	c.d.t.Helper()
	var all []ticketView
	for cursor := ""; ; {
		var page struct {
			Items      []ticketView `json:"items"`
			NextCursor *string      `json:"next_cursor"`
		}
		c.read("/tickets?limit=200&"+query+"&cursor="+url.QueryEscape(cursor), &page)
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		cursor = *page.NextCursor
	}
}

// awaitTicket waits until a ticket is as wished.
func (c *caller) awaitTicket(number int64, what string, wished func(ticketView) bool) ticketView {
	c.d.t.Helper()
	return eventually(c.d.t, patience, fmt.Sprintf("ticket %d: %s", number, what), func() (ticketView, bool) {
		v := c.ticket(number)
		return v, wished(v)
	})
}

// awaitTitle waits for the ticket that a mail with this subject opens.
func (c *caller) awaitTitle(title string) ticketView {
	c.d.t.Helper()
	return eventually(c.d.t, patience, "a ticket "+title, func() (ticketView, bool) {
		for _, v := range c.list("title=" + url.QueryEscape(title)) {
			if v.Title == title && v.Revision > 0 {
				return v, true
			}
		}
		return ticketView{}, false
	})
}

func (c *caller) awaitState(number int64, state string) ticketView {
	c.d.t.Helper()
	return c.awaitTicket(number, "state "+state, func(v ticketView) bool { return v.State == state })
}

// command sends a command that must be applied, or found done already.
func (c *caller) command(number int64, name string, body any) receiptView {
	c.d.t.Helper()
	r := c.call(http.MethodPost, ticketPath(number)+"/"+name, body)
	require.Contains(c.d.t, []int{http.StatusOK, http.StatusAccepted}, r.status, r)
	v := r.receipt(c.d)
	if r.status == http.StatusAccepted { // a busy machine
		v = c.awaitReceipt(v.ID)
	}
	require.Contains(c.d.t, []string{"applied", "already"}, v.Outcome, r)
	return v
}

func (c *caller) awaitReceipt(id string) receiptView {
	c.d.t.Helper()
	return eventually(c.d.t, patience, "a receipt for "+id, func() (receiptView, bool) {
		var v receiptView
		c.read("/receipts/"+url.PathEscape(id), &v)
		return v, v.Outcome != "pending"
	})
}

func (r reply) receipt(d *desk) receiptView {
	d.t.Helper()
	var v receiptView
	require.NoError(d.t, json.Unmarshal(r.body, &v), r)
	return v
}

func (r reply) problem(d *desk) problemView {
	d.t.Helper()
	var v problemView
	require.NoError(d.t, json.Unmarshal(r.body, &v), r)
	return v
}

// newTicket opens a ticket for a client with a mail address.
func (c *caller) newTicket(title, email string) int64 {
	c.d.t.Helper()
	r := c.call(http.MethodPost, "/tickets", object{
		"desk": "support", "client": object{"name": "Client", "email": email}, "channel": "phone", "title": title,
		"message": object{"body": "They said: " + title},
	})
	require.Contains(c.d.t, []int{http.StatusCreated, http.StatusAccepted}, r.status, r)
	return r.receipt(c.d).Number
}

// staff adds an agent with a token of his own.
func (c *caller) staff(key, name string) *caller {
	c.d.t.Helper()
	r := c.call(http.MethodPost, "/agents", object{
		"key": key, "name": name, "email": key + "@staff.example", "role": "agent", "groups": []string{"support"}, "desks": []string{"support"},
	})
	require.Equal(c.d.t, http.StatusCreated, r.status, r)
	r = c.call(http.MethodPost, "/tokens", object{"agent": key, "scopes": []string{"tickets:read", "tickets:act"}})
	require.Equal(c.d.t, http.StatusCreated, r.status, r)
	var made struct {
		Token string `json:"token"`
	}
	require.NoError(c.d.t, json.Unmarshal(r.body, &made))
	return &caller{d: c.d, token: made.Token}
}

// object is a JSON object.
type object = map[string]any

func says(body string) object { return object{"body": body, "body_format": "markdown"} }

func ticketPath(number int64) string { return "/tickets/" + strconv.FormatInt(number, 10) }
