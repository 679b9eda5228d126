#pragma once
// What a step may know of the host's own files: its programs and a chosen part of /etc. Not for the job's
// folders, which a plan names.

namespace sandbox {

/// Below /, read-only; what is missing is left out.
inline constexpr const char* kSystemFolders[] = {"usr",   "bin",   "sbin",   "lib",
                                                 "lib32", "lib64", "libx32", "opt"};

/// What a step may know of the host's /etc. Everything else is absent, not unreadable.
inline constexpr const char* kEtcOfSteps[] = {"passwd",
                                              "group",
                                              "nsswitch.conf",
                                              "host.conf",
                                              "protocols",
                                              "services",
                                              "networks",
                                              "ssl",
                                              "ca-certificates",
                                              "ca-certificates.conf",
                                              "alternatives",
                                              "ld.so.cache",
                                              "ld.so.conf",
                                              "ld.so.conf.d",
                                              "localtime",
                                              "timezone",
                                              "python3",
                                              "python3.11",
                                              "mime.types",
                                              "gitconfig",
                                              "profile",
                                              "bash.bashrc",
                                              "debian_version",
                                              "os-release",
                                              "lsb-release",
                                              "magic",
                                              "perl",
                                              "fonts",
                                              "inputrc",
                                              "terminfo",
                                              "locale.alias",
                                              "locale.conf",
                                              "java-17-openjdk",
                                              "java-11-openjdk",
                                              "nodejs",
                                              "npmrc",
                                              "maven",
                                              "groff",
                                              "papersize",
                                              "dpkg",
                                              "pip.conf"};

}  // namespace sandbox
