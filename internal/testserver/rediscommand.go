package testserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Do has the server run one command, and gives its answer, which may not be an error.
func (r *Redis) Do(words ...string) string {
	r.t.Helper()
	answer := r.try(words...)
	if strings.HasPrefix(answer, "-") {
		r.t.Fatalf("Redis on %s: %q: %s", r.Addr, words, answer)
	}
	return answer
}

// try is Do, whose answer begins with - where it is an error.
func (r *Redis) try(words ...string) string {
	r.t.Helper()
	conn, err := net.DialTimeout("tcp", r.Addr, 5*time.Second)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	if r.Password != "" {
		_, _ = io.WriteString(conn, command("AUTH", r.Password))
		_, _ = readAnswer(in)
	}
	if _, err := io.WriteString(conn, command(words...)); err != nil {
		r.t.Fatal(err)
	}
	answer, err := readAnswer(in)
	if err != nil {
		r.t.Fatalf("Redis on %s: %q: %v", r.Addr, words, err)
	}
	return answer
}

func command(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b.String()
}

// readAnswer reads one answer; the parts of an array stand on lines.
func readAnswer(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		text := make([]byte, max(n, 0)+2)
		if n < 0 {
			return "", nil
		}
		_, err := io.ReadFull(in, text)
		return string(text[:n]), err
	case '*':
		var parts []string
		for range n {
			part, err := readAnswer(in)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, "\n"), nil
	case '-':
		return line, nil
	}
	return line[1:], nil
}
