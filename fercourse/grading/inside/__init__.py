"""What runs behind the wall: of the grader, exactly this folder can be read by a student's process."""
