"""The technical kit: mechanisms that at least two services need, and no word of the business."""
