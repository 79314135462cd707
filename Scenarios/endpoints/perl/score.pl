#!/usr/bin/perl
# A scoring script that is no Python: it speaks the protocol itself. Needs what comes with Perl.
use strict;
use warnings;
use JSON::PP;

$| = 1;
print qq({"status":"ready"}\n);

# A request a line on standard input, a reply a line on standard output; standard error is the log.
while (my $line = <STDIN>) {
  my $request = decode_json($line);
  my $reason = eval { score($request); undef } // $@;
  my $reply = { task => $request->{task}, status => $reason ? "failed" : "ok" };
  $reply->{reason} = $reason if $reason;
  print encode_json($reply), "\n";
}

# How much the values of a window differ: a sensor that got stuck, or shakes.
sub score {
  my ($request) = @_;
  my %spread;
  for my $path (@{ $request->{files} }) {
    open(my $file, "<", $path) or die "$path: $!";
    chomp(my $header = <$file>);
    my @names = split /,/, $header;
    while (my $row = <$file>) {
      chomp $row;
      my %window;
      @window{@names} = split /,/, $row, -1;
      my $key = "$window{device},$window{window_start}";
      $spread{$key} = $window{stddev} if !defined $spread{$key} || $window{stddev} > $spread{$key};
    }
  }
  open(my $output, ">", $request->{output}) or die "$request->{output}: $!";
  print $output "device,window_start,score\n";
  printf $output "%s,%.17g\n", $_, 1 - $spread{$_} for sort keys %spread;
  close($output) or die "$request->{output}: $!";
  print STDERR "task $request->{task}: ", scalar(keys %spread), " windows\n";
}
