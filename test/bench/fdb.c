/*
 * The kernel's forwarding table from the outside, in plain C, as a measure for everything else:
 *
 *   fdb write 1|2 COUNT DEVICE...    writes COUNT remote MACs, evenly over the VXLAN devices, waits for the end of its input,
 *                                    and takes them out one by one; prints the time before and after each, and the
 *                                    processor time of all. A remote MAC is an entry of the bridge and one of the VXLAN
 *                                    device: one message for both (the kernel performs it for the master first, then
 *                                    for the device), or two
 *   fdb watch TARGET...              prints the time whenever so many remote MACs are there, one target after the other
 *   fdb latency COUNT FROM PORT TO   makes COUNT local MACs on PORT in namespace FROM, one by one, and prints how long each
 *                                    takes to be a remote entry in namespace TO, in microseconds
 *
 * Times are milliseconds of CLOCK_MONOTONIC. MACs are 02:00 and a number in four octets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
#define HOSTS (1u << 21)
#define VTEPS 10

struct entry {
  struct nlmsghdr header;
  struct ndmsg neighbour;
  struct nlattr mac_attribute;
  unsigned char mac[8];
  struct nlattr destination_attribute;
  unsigned char destination[4];
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int open_netlink(unsigned groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  int size = 256 << 20;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("netlink");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  return fd;
}

static void enter(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) fail(path);
  close(fd);
}

/* One request about host `host` on `device`; `flags` are NTF_*. */
static void fill(struct entry *entry, int type, unsigned device, unsigned host, int state, int flags, unsigned vtep) {
  memset(entry, 0, sizeof *entry);
  entry->header.nlmsg_len = vtep ? sizeof *entry : offsetof(struct entry, destination_attribute);
  entry->header.nlmsg_type = type;
  entry->header.nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_REPLACE : 0);
  entry->header.nlmsg_seq = host + 1;
  entry->neighbour.ndm_family = AF_BRIDGE;
  entry->neighbour.ndm_ifindex = device;
  entry->neighbour.ndm_state = state;
  entry->neighbour.ndm_flags = flags;
  entry->mac_attribute.nla_len = sizeof(struct nlattr) + 6;
  entry->mac_attribute.nla_type = NDA_LLADDR;
  entry->mac[0] = 2;
  for (int i = 0; i < 4; i++) entry->mac[2 + i] = host >> (24 - 8 * i);
  entry->destination_attribute.nla_len = sizeof(struct nlattr) + 4;
  entry->destination_attribute.nla_type = NDA_DST;
  unsigned char address[4] = {10, 1, 0, vtep};
  memcpy(entry->destination, address, 4);
}

/* Sends a batch of which the last message is acknowledged, and reads answers until that one. */
static void perform(int fd, struct entry *entries, int count, int lengthOfEach) {
  char answer[65536];
  entries[count - 1].header.nlmsg_flags |= NLM_F_ACK;
  unsigned last = entries[count - 1].header.nlmsg_seq;
  if (send(fd, entries, (size_t)count * lengthOfEach, 0) < 0) fail("send");
  for (;;) {
    int length = recv(fd, answer, sizeof answer, 0);
    if (length < 0) fail("recv");
    for (struct nlmsghdr *message = (void *)answer; NLMSG_OK(message, (unsigned)length);
         message = NLMSG_NEXT(message, length)) {
      struct nlmsgerr *error = NLMSG_DATA(message);
      if (message->nlmsg_type != NLMSG_ERROR) continue;
      if (error->error != 0) fprintf(stderr, "entry refused: %s\n", strerror(-error->error)), exit(1);
      if (message->nlmsg_seq == last) return;
    }
  }
}

/* Requests about the hosts in turn; `messages` of 2 asks the bridge and the device each by itself. */
static void write_all(int fd, int type, int messages, unsigned count, char **devices, int deviceCount) {
  static struct entry batch[BATCH];
  unsigned *indexes = calloc(deviceCount, sizeof *indexes);
  for (int i = 0; i < deviceCount; i++) {
    indexes[i] = if_nametoindex(devices[i]);
    if (indexes[i] == 0) fail(devices[i]);
  }
  int state = NUD_REACHABLE | NUD_NOARP;
  for (unsigned host = 0; host < count;) {
    int filled = 0;
    for (; filled < BATCH && host < count; host++) {
      unsigned device = indexes[(unsigned long)host * deviceCount / count];
      unsigned vtep = 1 + host % VTEPS;
      if (messages == 1) {
        fill(&batch[filled++], type, device, host, state, NTF_SELF | NTF_MASTER | NTF_EXT_LEARNED, vtep);
      } else {
        fill(&batch[filled++], type, device, host, state, NTF_MASTER | NTF_EXT_LEARNED, vtep);
        fill(&batch[filled++], type, device, host, state, NTF_SELF | NTF_EXT_LEARNED, vtep);
      }
    }
    perform(fd, batch, filled, sizeof *batch);
  }
  free(indexes);
}

static void print_time(void) {
  printf("%.3f\n", now());
  fflush(stdout);
}

static int run_write(int messages, unsigned count, char **devices, int deviceCount) {
  char input[256];
  int fd = open_netlink(0);
  print_time();
  write_all(fd, RTM_NEWNEIGH, messages, count, devices, deviceCount);
  print_time();
  while (read(STDIN_FILENO, input, sizeof input) > 0) continue;
  print_time();
  write_all(fd, RTM_DELNEIGH, messages, count, devices, deviceCount);
  print_time();
  printf("%.3f\n", (double)clock() * 1e3 / CLOCKS_PER_SEC);
  return 0;
}

/* The host of a message about a VXLAN device's own entry with a VTEP; -1 for all others. */
static long host_of(struct nlmsghdr *message) {
  struct ndmsg *neighbour = NLMSG_DATA(message);
  int length = message->nlmsg_len - NLMSG_LENGTH(sizeof *neighbour);
  long host = -1;
  int hasDestination = 0;
  if (message->nlmsg_type != RTM_NEWNEIGH && message->nlmsg_type != RTM_DELNEIGH) return -1;
  if (neighbour->ndm_family != AF_BRIDGE || !(neighbour->ndm_flags & NTF_SELF)) return -1;
  for (struct rtattr *attribute = (void *)(neighbour + 1); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    unsigned char *mac = RTA_DATA(attribute);
    if (attribute->rta_type == NDA_DST) hasDestination = 1;
    if (attribute->rta_type == NDA_LLADDR && mac[0] == 2 && mac[1] == 0) {
      host = (long)mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5];
    }
  }
  return hasDestination && host < HOSTS ? host : -1;
}

static int run_watch(char **targets, int targetCount) {
  static unsigned char present[HOSTS];
  static char buffer[65536];
  int fd = open_netlink(RTMGRP_NEIGH);
  unsigned count = 0;
  printf("ready\n");
  fflush(stdout);
  for (int next = 0; next < targetCount;) {
    int length = recv(fd, buffer, sizeof buffer, 0);
    if (length < 0) fail("recv");
    for (struct nlmsghdr *message = (void *)buffer; NLMSG_OK(message, (unsigned)length);
         message = NLMSG_NEXT(message, length)) {
      long host = host_of(message);
      unsigned char there = message->nlmsg_type == RTM_NEWNEIGH;
      if (host < 0 || present[host] == there) continue;
      present[host] = there;
      count += there ? 1 : -1;
      if (next < targetCount && count == (unsigned)atoi(targets[next])) {
        print_time();
        next++;
      }
    }
  }
  return 0;
}

/* Reads until `host` has come or gone; false after two seconds. */
static int await_host(int fd, unsigned host, int type) {
  char buffer[65536];
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  double until = now() + 2000;
  while (now() < until) {
    if (poll(&readable, 1, 100) <= 0) continue;
    int length = recv(fd, buffer, sizeof buffer, 0);
    for (struct nlmsghdr *message = (void *)buffer; length > 0 && NLMSG_OK(message, (unsigned)length);
         message = NLMSG_NEXT(message, length)) {
      if (message->nlmsg_type == type && host_of(message) == (long)host) return 1;
    }
  }
  return 0;
}

static int run_latency(unsigned count, char *from, char *port, char *to) {
  struct entry entry;
  enter(from);
  int writer = open_netlink(0);
  unsigned device = if_nametoindex(port);
  enter(to);
  int watcher = open_netlink(RTMGRP_NEIGH);
  if (device == 0) fail(port);
  for (unsigned host = 1; host <= count; host++) {
    fill(&entry, RTM_NEWNEIGH, device, host, NUD_REACHABLE, NTF_MASTER, 0);
    double began = now();
    perform(writer, &entry, 1, entry.header.nlmsg_len);
    int came = await_host(watcher, host, RTM_NEWNEIGH);
    printf("%.1f\n", came ? (now() - began) * 1000 : -1.0);
    fflush(stdout);
    fill(&entry, RTM_DELNEIGH, device, host, 0, NTF_MASTER, 0);
    perform(writer, &entry, 1, entry.header.nlmsg_len);
    await_host(watcher, host, RTM_DELNEIGH);
    usleep(5000);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc >= 5 && !strcmp(argv[1], "write") && (!strcmp(argv[2], "1") || !strcmp(argv[2], "2"))) {
    return run_write(atoi(argv[2]), atoi(argv[3]), argv + 4, argc - 4);
  }
  if (argc >= 3 && !strcmp(argv[1], "watch")) return run_watch(argv + 2, argc - 2);
  if (argc == 6 && !strcmp(argv[1], "latency")) return run_latency(atoi(argv[2]), argv[3], argv[4], argv[5]);
  fprintf(stderr, "usage: fdb write 1|2 COUNT DEVICE... | watch TARGET... | latency COUNT FROM PORT TO\n");
  return 2;
}
