package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

type object = map[string]any

// call sends one request as the admin and decodes the answer into a value, where one is given.
func (d *desk) call(ctx context.Context, method, path string, body, into any) error {
	return d.callAs(ctx, d.settings["DURADESK_BOOTSTRAP_TOKEN"], method, path, body, into)
}

// callAs is call by whoever has the token.
func (d *desk) callAs(ctx context.Context, token, method, path string, body, into any) error {
	return d.send(ctx, token, "wait=30", method, path, body, into)
}

// send is callAs for a caller who prefers something.
func (d *desk) send(ctx context.Context, token, prefer, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+d.settings["DURADESK_HTTP_ADDR"]+"/api/v1"+path, content)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", prefer)
	answer, err := d.web.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	words, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	if answer.StatusCode == http.StatusAccepted && prefer == notWaiting {
		return nil
	}
	if answer.StatusCode == http.StatusAccepted && method == http.MethodPost {
		if err := d.awaitReceipt(ctx, words); err != nil {
			return err
		}
		answer.StatusCode = http.StatusOK
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s %s answers %s: %s", method, path, answer.Status, words)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(words, into); err != nil {
		return fmt.Errorf("understand the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// awaitReceipt waits for a command that was stored and not applied within the request's time: the desk owes it, however
// busy the machine is, and the wait is part of what is measured. Hundreds that wait must not be the load: each asks at a
// later time than before.
func (d *desk) awaitReceipt(ctx context.Context, receipt []byte) error {
	var stored struct{ ID string }
	if err := json.Unmarshal(receipt, &stored); err != nil {
		return fmt.Errorf("understand a receipt: %w", err)
	}
	pauses := 250 * time.Millisecond
	return until(ctx, 5*time.Minute, "command "+stored.ID+" is applied", func() (bool, error) {
		pauses = min(2*pauses, 8*time.Second)
		if err := pause(ctx, pauses); err != nil {
			return false, err
		}
		var now struct{ Outcome string }
		err := d.call(ctx, http.MethodGet, "/receipts/"+stored.ID, nil, &now)
		return now.Outcome != "pending", err
	})
}

// openTicket makes a ticket by phone and gives its number.
func (d *desk) openTicket(ctx context.Context, name string) (int64, error) {
	return d.openTicketOf(ctx, object{"name": name, "email": name + "@client.example"})
}

// openTicketOf is openTicket for a client; one without an address gets no acknowledgement.
func (d *desk) openTicketOf(ctx context.Context, client object) (int64, error) {
	var receipt struct {
		Ticket struct {
			Number int64 `json:"number"`
		} `json:"ticket"`
	}
	err := d.call(ctx, http.MethodPost, "/tickets", object{
		"desk": "support", "client": client, "channel": "phone", "title": fmt.Sprint("Measured: ", client["name"]),
		"message": object{"body": "They said that something does not work since this morning."},
	}, &receipt)
	return receipt.Ticket.Number, err
}

// openTickets makes so many, 64 at once.
func (d *desk) openTickets(ctx context.Context, prefix string, n int) ([]int64, error) {
	numbers := make([]int64, n)
	err := each(ctx, n, 64, func(ctx context.Context, i int) (err error) {
		numbers[i], err = d.openTicket(ctx, prefix+"-"+strconv.Itoa(i))
		return err
	})
	return numbers, err
}

// command sends a command and waits until it is applied.
func (d *desk) command(ctx context.Context, number int64, name string, body object) error {
	return d.call(ctx, http.MethodPost, fmt.Sprintf("/tickets/%d/%s", number, name), body, nil)
}

// notWaiting asks for an answer as soon as the command is stored.
const notWaiting = "respond-async"

// order sends a command and waits only until it is stored.
func (d *desk) order(ctx context.Context, number int64, name string, body object) error {
	return d.send(ctx, d.settings["DURADESK_BOOTSTRAP_TOKEN"], notWaiting, http.MethodPost, fmt.Sprintf("/tickets/%d/%s", number, name), body, nil)
}

func remark(text string) object { return object{"message": object{"body": text}} }
