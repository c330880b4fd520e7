/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard streams of a process in a container, relayed between our own descriptors and pipes, or the master of its
 * terminal. The process never gets a descriptor of the host: it could open the file behind it for more than was meant.
 */
#ifndef WHALE_CLI_STREAM_H
#define WHALE_CLI_STREAM_H

#include "cli/request.h"

struct wh_cli_stream_options {
    bool tty;                 /* the master comes with an event; else pipes are made and sent */
    bool wants_stdin;         /* pass on our standard input */
    bool detached;            /* no streams at all: done comes as soon as it runs */
    bool no_input;            /* the request's descriptors are outputs only (attach) */
    bool keeps_input;         /* the end of our input does not close the container's (attach) */
    bool forwards;            /* signals go to the container `container_id` of the events (run, attach) */
    bool ends_at_signal;      /* and end us with 130 (attach) */
    const char *detach_keys;  /* NULL = "ctrl-p,ctrl-q" with a tty, none otherwise */
    const char *container_id; /* known before (attach), else taken from events */
    bool detach_is_success;   /* the detach keys end us well, else with an error as attach and exec do */
    bool waits_for_output;    /* of children that outlive the process and hold its pipes (exec) */
    bool code_of_failure;     /* a process that could not be started: 126 or 127 is the result (exec) */
};

struct wh_cli_stream_result {
    char container_id[65]; /* "" when no event named one */
    bool started;
};

/* Sends the request with its descriptors and relays until it is done. Returns the exit status or -1. */
int wh_cli_stream(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_request *r,
                  const struct wh_cli_stream_options *o, struct wh_progress *progress, struct wh_cli_stream_result *ret,
                  struct wh_err *err);

#endif
