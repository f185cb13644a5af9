"""The grader's side of the wall: a kernel that can harm nothing, and the student's names as proxies of it."""
